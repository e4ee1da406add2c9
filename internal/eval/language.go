package main

import (
	"bufio"
	"embed"
	"fmt"
	"os"
	"strings"
	"unicode/utf8"

	"tamga/extract/language"
	"tamga/extract/language/corpus"
)

// sentenceLength is what the figure is asked for, in characters.
const sentenceLength = 100

//go:embed testdata/languages.tsv
var languageSet embed.FS

// languages holds the language of texts of a hundred characters against the
// truth: the fifth of the corpora that the model was not made from, and sentences
// of another register, from shops and forums, that were written for this.
func languages(t *table) error {
	f, err := languageSet.Open("testdata/languages.tsv")
	if err != nil {
		return err
	}
	defer f.Close()
	var right, n, rejected, others int
	scan := bufio.NewScanner(f)
	for scan.Scan() {
		tag, text, ok := strings.Cut(scan.Text(), "\t")
		if !ok || strings.HasPrefix(tag, "#") {
			continue
		}
		got, _ := language.Identify(text)
		if tag == "other" {
			tag = ""
			others++
			if got == "" {
				rejected++
			}
		} else if n++; got == tag {
			right++
		}
		if got != tag && os.Getenv("TAMGA_EVAL_SHOW") != "" {
			fmt.Fprintf(os.Stderr, "language: want %q, got %q: %s\n", tag, got, text)
		}
	}
	if err := scan.Err(); err != nil {
		return err
	}
	t.add("language", "synthetic shop and forum sentences", right, n, 0.97)
	t.add("another language told", "synthetic shop and forum sentences", rejected, others, 0.9)

	all, err := corpus.Read(corpus.Folder())
	if err != nil {
		return err
	}
	right, n, rejected, others = 0, 0, 0, 0
	for _, l := range all {
		var unseen []string
		for _, s := range l.Sentences {
			if language.SetAside(s) {
				unseen = append(unseen, s)
			}
		}
		for _, text := range pieces(strings.Join(unseen, " "), sentenceLength) {
			got, _ := language.Identify(text)
			switch {
			case l.Tag == "":
				others++
				if got == "" {
					rejected++
				}
			default:
				n++
				if got == l.Tag {
					right++
				}
			}
			if got != l.Tag && os.Getenv("TAMGA_EVAL_SHOW") != "" {
				fmt.Fprintf(os.Stderr, "language: want %s, got %q: %s\n", l.Name, got, text)
			}
		}
	}
	t.add("language", "100 characters, unseen sentences", right, n, 0.97)
	t.add("another language told", "100 characters, unseen sentences", rejected, others, 0.97)
	return nil
}

// pieces cuts a text between words into pieces of about n characters; a rest of
// less than half is left out.
func pieces(text string, n int) (out []string) {
	var b strings.Builder
	length := 0
	for _, w := range strings.Fields(text) {
		size := utf8.RuneCountInString(w)
		if length > 0 && length+1+size > n {
			out = append(out, b.String())
			b.Reset()
			length = 0
		}
		if length > 0 {
			b.WriteByte(' ')
			length++
		}
		b.WriteString(w)
		length += size
	}
	if length*2 >= n {
		out = append(out, b.String())
	}
	return out
}
