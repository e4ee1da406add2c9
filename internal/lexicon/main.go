// Command lexicon merges lists of controlled substances into the tables of
// extract/lexicon (docs/substances.md). Without -write it only says what it
// would add; what contradicts the tables is printed and never written.
//
//	go run ./internal/lexicon scheduled -convention 1971 [-source NAME] FILE
//	go run ./internal/lexicon wikidata FILE
//	go run ./internal/lexicon national -country KZ -source TEXT FILE
package main

import (
	"flag"
	"fmt"
	"io"
	"os"

	"tamga/extract"
)

// record is what a list says of a substance.
type record struct {
	line       int
	name       string
	cas        string
	convention string
	schedule   string
	year       string
	names      []label  // further names
	amounts    []string // small, large, very large, in grams
}

// label is a name in a language, BCP 47.
type label struct{ language, name string }

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "lexicon:", err)
		os.Exit(1)
	}
}

func run(argv []string, out io.Writer) error {
	if len(argv) == 0 {
		return fmt.Errorf("want scheduled, wikidata or national")
	}
	f := flag.NewFlagSet(argv[0], flag.ContinueOnError)
	dir := f.String("dir", "extract/lexicon", "the tables")
	convention := f.String("convention", "", "1961, 1971 or 1988")
	country := f.String("country", "", "ISO 3166-1 code of the law")
	source := f.String("source", "incb", "what states it")
	write := f.Bool("write", false, "write the tables")
	if err := f.Parse(argv[1:]); err != nil {
		return err
	}
	if f.NArg() != 1 {
		return fmt.Errorf("want one file, got %d", f.NArg())
	}
	file, err := os.Open(f.Arg(0))
	if err != nil {
		return err
	}
	defer file.Close()
	r, err := extract.New(extract.Options{})
	if err != nil {
		return err
	}
	m := newMerge(r)
	m.source, m.country = *source, *country
	var records []record
	switch argv[0] {
	case "scheduled":
		switch *convention {
		case "1961", "1971", "1988":
		default:
			return fmt.Errorf("-convention %q: want 1961, 1971 or 1988", *convention)
		}
		records, err = readScheduled(file, *convention)
	case "wikidata":
		records, err = readWikidata(file)
	case "national":
		if *country == "" {
			return fmt.Errorf("-country is missing")
		}
		records, err = readScheduled(file, "")
	default:
		return fmt.Errorf("unknown kind of list %q", argv[0])
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", f.Arg(0), err)
	}
	for _, rec := range records {
		m.add(rec)
	}
	m.report(out)
	if *write {
		return m.write(*dir)
	}
	return nil
}
