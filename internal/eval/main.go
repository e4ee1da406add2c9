// Command eval measures what Tamga reads against labelled truth and prints the
// table of docs/benchmarks.md: make eval, or go run ./internal/eval [SECTION…].
//
// Truth is the real data of $TAMGA_DATA (default: the user's cache folder,
// tamga-data), whose rows are skipped where it is absent, and the synthetic set
// of internal/eval/testdata, which is always measured. A figure is taken on what
// setAside names, by vendor or market and never by row; the rest is for tuning.
package main

import (
	"errors"
	"flag"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"tamga/extract"
)

// sections are the parts of the table, each in the file of its name.
var sections = []section{
	{"dream", dream},
	{"tagger", learned},
	{"category", groups},
	{"language", languages},
	{"evasion", evasion},
	{"rows", rows},
	{"route", routes},
	{"addresses", addresses},
	{"contacts", contacts},
	{"coins", coins},
	{"links", links},
	{"feedback", feedback},
	{"generic", genericSynthetic},
	{"generic-blind", genericBlind},
	{"agora-generic", genericAgora},
	{"markets-generic", genericMarkets},
	{"changes", changes},
	{"agora-changes", changesAgora},
}

// section measures one subject and adds its rows to the table.
type section struct {
	name string
	run  func(*table) error
}

// row is a figure: a share between 0 and 1 unless bound is atMost or a ratio.
type row struct {
	what, set string
	got       float64
	n         int     // of cases
	want      float64 // the least, or with atMost the most
	atMost    bool
}

func (r row) ok() bool {
	if r.atMost {
		return r.got <= r.want
	}
	return r.got >= r.want
}

// table collects figures.
type table struct {
	reader *extract.Reader
	rows   []row
	folder string // of the real data
}

// add puts a share of right cases into the table.
func (t *table) add(what, set string, right, n int, want float64) {
	got := 0.0
	if n > 0 {
		got = float64(right) / float64(n)
	}
	t.rows = append(t.rows, row{what: what, set: set, got: got, n: n, want: want})
}

// open opens a file of the real data; the error is fs.ErrNotExist where it is
// absent, which skips the section.
func (t *table) open(name string) (*os.File, error) { return os.Open(t.path(name)) }

func (t *table) path(name string) string { return filepath.Join(t.folder, filepath.FromSlash(name)) }

// setAside says whether a vendor or market belongs to the fifth of the data that
// nothing is tuned or trained on.
func setAside(key string) bool {
	h := fnv.New32a()
	h.Write([]byte(key))
	return h.Sum32()%5 == 0
}

func dataFolder() string {
	if d := os.Getenv("TAMGA_DATA"); d != "" {
		return d
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(cache, "tamga-data")
}

// measure runs the sections named, or all.
func measure(names []string) (*table, error) {
	r, err := extract.New(extract.Options{})
	if err != nil {
		return nil, err
	}
	t := &table{reader: r, folder: dataFolder()}
	for _, s := range sections {
		if len(names) > 0 && !slices.Contains(names, s.name) {
			continue
		}
		if err := s.run(t); errors.Is(err, fs.ErrNotExist) {
			fmt.Fprintf(os.Stderr, "%s: skipped, the data is absent: %v\n", s.name, err)
		} else if err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return t, nil
}

func main() {
	flag.Parse()
	t, err := measure(flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "eval:", err)
		os.Exit(1)
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 1, ' ', 0)
	fmt.Fprintln(w, "| what\t| measured on\t| cases\t| figure\t| asked\t|")
	fmt.Fprintln(w, "| "+strings.Repeat("---\t| ", 4)+"---\t|")
	missed := 0
	for _, r := range t.rows {
		sign, mark := "≥", ""
		if r.atMost {
			sign = "≤"
		}
		if !r.ok() {
			missed++
			mark = " ✗"
		}
		fmt.Fprintf(w, "| %s\t| %s\t| %d\t| %.4g%s\t| %s %g\t|\n", r.what, r.set, r.n, r.got, mark, sign, r.want)
	}
	w.Flush()
	if missed > 0 {
		os.Exit(3)
	}
}
