// Command train makes extract/tagger/model.bin from the annotated sets of
// $TAMGA_DATA (ner/reddit_train.jsonl and ner/unodc_train.jsonl, MIT licence):
// go run ./extract/tagger/train, or make model.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"tamga/extract"
	"tamga/extract/tagger"
)

func main() {
	data := flag.String("data", dataFolder(), "folder of the data")
	out := flag.String("out", "extract/tagger/model.bin", "where the model goes")
	flag.Parse()
	if err := run(*data, *out); err != nil {
		fmt.Fprintln(os.Stderr, "train:", err)
		os.Exit(1)
	}
}

func run(data, out string) error {
	m, n, err := train(data)
	if err != nil {
		return err
	}
	b := m.Encode()
	fmt.Printf("%d sentences, %d features, %d bytes\n", n, m.Size(), len(b))
	return os.WriteFile(out, b, 0o644)
}

func train(data string) (*tagger.Model, int, error) {
	r, err := extract.New(extract.Options{})
	if err != nil {
		return nil, 0, err
	}
	var examples []tagger.Example
	for _, set := range []struct {
		file     string
		register tagger.Register
	}{{"reddit_train.jsonl", tagger.Talk}, {"unodc_train.jsonl", tagger.News}} {
		f, err := os.Open(filepath.Join(data, "ner", set.file))
		if err != nil {
			return nil, 0, err
		}
		texts, err := tagger.ReadAnnotated(f)
		f.Close()
		if err != nil {
			return nil, 0, fmt.Errorf("read %s: %w", set.file, err)
		}
		for _, t := range texts {
			examples = append(examples, r.Examples(t.Text, t.Spans, set.register)...)
		}
	}
	return tagger.Train(examples, tagger.Defaults), len(examples), nil
}

func dataFolder() string {
	if d := os.Getenv("TAMGA_DATA"); d != "" {
		return d
	}
	cache, _ := os.UserCacheDir()
	return filepath.Join(cache, "tamga-data")
}
