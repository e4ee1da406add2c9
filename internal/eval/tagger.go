package main

import (
	"bytes"
	_ "embed"
	"fmt"

	"tamga"
	"tamga/extract"
	"tamga/extract/tagger"
)

// folds of the cross-validation: a text belongs to the fold of its line number.
const folds = 5

//go:embed testdata/tagger.jsonl
var inventedSentences []byte

// learned measures the learned tagger through the whole Reader: spans exactly as
// people marked them, in texts that neither the model nor its words were learnt
// from. The lexicon alone is the reference.
func learned(t *table) error {
	invented, err := tagger.ReadAnnotated(bytes.NewReader(inventedSentences))
	if err != nil {
		return fmt.Errorf("read tagger.jsonl: %w", err)
	}
	var all [2]spanScore
	for _, x := range invented {
		score(t.reader, x, &all)
	}
	t.addSpans("drug spans", "synthetic", all[tagger.Drug], 0.9)
	t.addSpans("quantity spans", "synthetic", all[tagger.Quantity], 0.85)
	sets := []struct {
		name, file string
		register   tagger.Register
		drugs      float64
		quantities float64 // 0: not marked
		texts      []tagger.Annotated
	}{
		{name: "Reddit", file: "ner/reddit_train.jsonl", register: tagger.Talk, drugs: 0.78},
		{name: "UNODC", file: "ner/unodc_train.jsonl", register: tagger.News, drugs: 0.90, quantities: 0.85},
	}
	examples := make([][][]tagger.Example, len(sets))
	for i := range sets {
		texts, err := annotated(t, sets[i].file)
		if err != nil {
			return err
		}
		sets[i].texts = texts
		for _, x := range texts {
			examples[i] = append(examples[i], t.reader.Examples(x.Text, x.Spans, sets[i].register))
		}
	}
	got := make([][2]spanScore, len(sets))
	for fold := range folds {
		var train []tagger.Example
		for i := range sets {
			for n, xs := range examples[i] {
				if n%folds != fold {
					train = append(train, xs...)
				}
			}
		}
		r, err := extract.New(extract.Options{Model: tagger.Train(train, tagger.Defaults)})
		if err != nil {
			return err
		}
		for i := range sets {
			for n, x := range sets[i].texts {
				if n%folds == fold {
					score(r, x, &got[i])
				}
			}
		}
	}
	for i, s := range sets {
		t.addSpans("drug spans", s.name+", cross-validated", got[i][tagger.Drug], s.drugs)
		if s.quantities > 0 {
			t.addSpans("quantity spans", s.name+", cross-validated", got[i][tagger.Quantity], s.quantities)
		}
	}
	return nil
}

func annotated(t *table, name string) ([]tagger.Annotated, error) {
	f, err := t.open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	texts, err := tagger.ReadAnnotated(f)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return texts, nil
}

// spanScore counts spans: marked, found, and both with equal ends.
type spanScore struct{ marked, found, equal int }

// f1 is the harmonic mean of precision and recall.
func (s spanScore) f1() float64 {
	if s.marked+s.found == 0 {
		return 0
	}
	return 2 * float64(s.equal) / float64(s.marked+s.found)
}

// score compares what a reader finds in a text with what people marked.
func score(r *extract.Reader, x tagger.Annotated, into *[2]spanScore) {
	type span struct {
		start, end int
		kind       tagger.Kind
	}
	marked := map[span]bool{}
	for _, s := range x.Spans {
		marked[span{s.Start, s.End, s.Kind}] = true
		into[s.Kind].marked++
	}
	found, _ := r.Text(x.Text)
	for _, f := range found {
		var kind tagger.Kind
		switch f.Type {
		case tamga.FindSubstance:
			kind = tagger.Drug
		case tamga.FindQuantity:
			kind = tagger.Quantity
		default:
			continue
		}
		into[kind].found++
		if marked[span{f.Start, f.End, kind}] {
			into[kind].equal++
		}
	}
}

// addSpans puts a strict F1 into the table.
func (t *table) addSpans(what, set string, s spanScore, want float64) {
	t.rows = append(t.rows, row{what: what + ", strict F1", set: set, got: s.f1(), n: s.marked, want: want})
}
