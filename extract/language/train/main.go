// Command train makes the model of package language: make model.
package main

import (
	"flag"
	"fmt"
	"os"

	"tamga/extract/language"
	"tamga/extract/language/corpus"
)

// Runs of three letters that are kept of one of the nine, and of another language.
const (
	budget      = 6000
	otherBudget = 2200
)

func main() {
	dir := flag.String("corpus", corpus.Folder(), "folder of the archives that scripts/language-corpus.sh fetches")
	out := flag.String("out", "extract/language/model.bin", "the model")
	flag.Parse()
	if err := run(*dir, *out); err != nil {
		fmt.Fprintln(os.Stderr, "train:", err)
		os.Exit(1)
	}
}

func run(dir, out string) error {
	langs, err := corpus.Read(dir)
	if err != nil {
		return err
	}
	at := map[string]int{}
	var corpora []language.Corpus
	for i, l := range langs {
		c := language.Corpus{Name: l.Name, Tag: l.Tag, Budget: otherBudget}
		if l.Tag != "" {
			c.Budget = budget
		}
		for _, s := range l.Sentences {
			if !language.SetAside(s) {
				c.Texts = append(c.Texts, language.Text{Body: s, Weight: 1})
			}
		}
		at[l.Name] = i
		corpora = append(corpora, c)
	}
	corpora = vary(corpora, at)
	model, err := language.Build(corpora)
	if err != nil {
		return err
	}
	if err := os.WriteFile(out, model, 0o644); err != nil {
		return err
	}
	fmt.Printf("%s: %d classes, %d bytes\n", out, len(corpora), len(model))
	return nil
}
