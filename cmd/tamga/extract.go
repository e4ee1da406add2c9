package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"

	"github.com/spf13/cobra"

	"tamga"
	"tamga/extract"
	"tamga/extract/language"
	"tamga/internal/config"
)

// lineLimit is the longest line of --jsonl, in bytes.
const lineLimit = 64 << 20

func newExtract(a *app) *cobra.Command {
	var jsonl, page bool
	var text, url, profile string
	cmd := &cobra.Command{
		Use:   "extract [FILE…]",
		Short: "Read findings from files or standard input; needs no workspace",
		Long: `Extract reads texts (--jsonl --text FIELD) or pages (--page) and writes what they
say, a JSON document a line (docs/json.md). With neither it reads plain text.`,
		Example: `  tamga extract --page --url http://market.example/p/1 page.html
  tamga extract --jsonl --text body posts.jsonl
  echo '5 g for 0.05 BTC' | tamga extract`,
		RunE: func(cmd *cobra.Command, files []string) error {
			ws, _ := config.Find(a.workspace) // for profiles of one's own; none is fine
			reader, err := a.reader(ws)
			if err != nil {
				return err
			}
			switch {
			case page && jsonl:
				return usageError{errors.New("--page and --jsonl exclude each other")}
			case page:
				return a.extractPages(reader, files, url, profile)
			case jsonl && text == "":
				return usageError{errors.New("--jsonl needs --text FIELD")}
			case len(files) > 1:
				return usageError{errors.New("one file of text at a time")}
			}
			in, err := open(files)
			if err != nil {
				return err
			}
			defer in.Close()
			if jsonl {
				return a.extractLines(reader, in, text)
			}
			b, err := io.ReadAll(io.LimitReader(in, lineLimit))
			if err != nil {
				return fmt.Errorf("read text: %w", err)
			}
			findings, category := reader.Text(string(b))
			tag, _ := language.Identify(string(b))
			return a.print(lineResult{Line: 1, Findings: list(findings), Category: category, Language: tag})
		},
	}
	f := cmd.Flags()
	f.BoolVar(&jsonl, "jsonl", false, "one JSON object a line")
	f.StringVar(&text, "text", "", "the `FIELD` that holds the text")
	f.BoolVar(&page, "page", false, "HTML pages as fetched")
	f.StringVar(&url, "url", "", "address the page was fetched from")
	f.StringVar(&profile, "profile", "", "page profile by `NAME`; none forces the generic reader")
	return cmd
}

func open(files []string) (io.ReadCloser, error) {
	if len(files) == 0 || files[0] == "-" {
		return io.NopCloser(os.Stdin), nil
	}
	return os.Open(files[0])
}

// list makes an empty JSON array of nil.
func list[T any](v []T) []T {
	if v == nil {
		return []T{}
	}
	return v
}

type lineResult struct {
	Line     int             `json:"line"`
	Findings []tamga.Finding `json:"findings"`
	Category string          `json:"category,omitempty"`
	Language string          `json:"language,omitempty"`
	Error    string          `json:"error,omitempty"`
}

// extractLines reads on every core and writes in the order of the lines.
func (a *app) extractLines(reader *extract.Reader, in io.Reader, field string) error {
	type job struct {
		line int
		raw  []byte
		done chan lineResult
	}
	jobs, order := make(chan job), make(chan job, 256)
	for range runtime.GOMAXPROCS(0) {
		go func() {
			for j := range jobs {
				j.done <- readLine(reader, j.line, j.raw, field)
			}
		}()
	}
	var scanErr error
	go func() {
		defer close(order)
		defer close(jobs)
		scan := bufio.NewScanner(in)
		scan.Buffer(make([]byte, 64<<10), lineLimit)
		for line := 1; scan.Scan(); line++ {
			if len(scan.Bytes()) == 0 {
				continue
			}
			j := job{line, append([]byte(nil), scan.Bytes()...), make(chan lineResult, 1)}
			order <- j
			jobs <- j
		}
		scanErr = scan.Err()
	}()
	out := bufio.NewWriter(a.out)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	bad := 0
	var writeErr error
	for j := range order {
		r := <-j.done
		if r.Error != "" {
			bad++
		}
		if writeErr == nil {
			writeErr = enc.Encode(r)
		}
	}
	switch err := errors.Join(writeErr, out.Flush()); {
	case err != nil:
		return fmt.Errorf("write findings: %w", err)
	case scanErr != nil:
		return fmt.Errorf("read lines: %w", scanErr)
	case bad > 0:
		return fmt.Errorf("%d lines had no text in field %q: %w", bad, field, errIncomplete)
	}
	return nil
}

func readLine(reader *extract.Reader, line int, raw []byte, field string) lineResult {
	r := lineResult{Line: line, Findings: []tamga.Finding{}}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(raw, &object); err != nil {
		r.Error = "not a JSON object"
		return r
	}
	var text string
	if err := json.Unmarshal(object[field], &text); err != nil {
		r.Error = "no text in field " + field
		return r
	}
	findings, category := reader.Text(text)
	r.Findings, r.Category = list(findings), category
	r.Language, _ = language.Identify(text)
	return r
}

type pageResult struct {
	File     string          `json:"file"`
	Page     pageHead        `json:"page"`
	Listings []tamga.Listing `json:"listings"`
	Posts    []tamga.Post    `json:"posts"`
	Vendor   *tamga.Vendor   `json:"vendor,omitempty"`
	Findings []tamga.Finding `json:"findings"`
}

type pageHead struct {
	Kind     tamga.PageKind `json:"kind"`
	Title    string         `json:"title,omitempty"`
	Language string         `json:"language,omitempty"`
	Market   string         `json:"market,omitempty"`
	Reader   string         `json:"reader,omitempty"`
}

func (a *app) extractPages(reader *extract.Reader, files []string, url, profile string) error {
	if len(files) == 0 {
		files = []string{"-"}
	}
	failed := 0
	for _, file := range files {
		r, err := readPage(reader, file, url, profile)
		if err != nil {
			if len(files) == 1 {
				return err
			}
			report(err)
			failed++
			continue
		}
		if err := a.print(r); err != nil {
			return err
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d files not read: %w", failed, len(files), errIncomplete)
	}
	return nil
}

func readPage(reader *extract.Reader, file, url, profile string) (*pageResult, error) {
	in, err := open([]string{file})
	if err != nil {
		return nil, err
	}
	defer in.Close()
	body, err := io.ReadAll(io.LimitReader(in, extract.DefaultMaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	if len(body) > extract.DefaultMaxBytes {
		return nil, fmt.Errorf("read %s: larger than %d MiB", file, extract.DefaultMaxBytes>>20)
	}
	page, err := reader.Page(extract.Input{URL: url, Body: body, Profile: profile})
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	return &pageResult{
		File:     file,
		Page:     pageHead{page.Kind, page.Title, page.Language, page.Market, page.Reader},
		Listings: list(page.Listings), Posts: list(page.Posts), Vendor: page.Vendor, Findings: list(page.Findings),
	}, nil
}
