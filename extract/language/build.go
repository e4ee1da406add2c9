package language

import (
	"bytes"
	"cmp"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"maps"
	"math"
	"slices"
	"strings"
)

// Corpus is the text of one language in one script.
type Corpus struct {
	Name   string // "tk-Cyrl"
	Tag    string // one of Tags, or "" for a language that is only to be told from them
	Texts  []Text
	Budget int // runs of three letters to keep, the most frequent ones
}

// Text is a sentence with the weight of its counts: 1, or less for one that was
// made from another by rule.
type Text struct {
	Body   string
	Weight float64
}

// SetAside tells whether a sentence is of the fifth that no model is made from.
func SetAside(sentence string) bool {
	h := fnv.New32a()
	h.Write([]byte(strings.Join(strings.Fields(sentence), " ")))
	return h.Sum32()%5 == 0
}

// least is the weighted count from which a run is kept; smooth is the share of the
// background, the mean of all classes, in the probability of a run in a class
// (Jelinek–Mercer).
const (
	least  = 1.5
	smooth = 0.15
)

// Build counts the corpora and gives the bytes of a model: the same for the same
// corpora in the same order.
func Build(corpora []Corpus) ([]byte, error) {
	if len(corpora) > 255 {
		return nil, fmt.Errorf("%d classes: the limit is 255", len(corpora))
	}
	var entries []entry
	usual := make([]float64, len(corpora))
	for order := range 2 {
		shares := make([]map[gram]float64, len(corpora))
		background := map[gram]float64{}
		for id, c := range corpora {
			var err error
			if shares[id], err = c.shares(order); err != nil {
				return nil, err
			}
			for g, p := range shares[id] {
				background[g] += p / float64(len(corpora))
			}
		}
		for id, c := range corpora {
			keys := slices.SortedFunc(maps.Keys(shares[id]), func(a, b gram) int {
				return cmp.Or(cmp.Compare(shares[id][b], shares[id][a]), cmp.Compare(a, b))
			})
			if order == 0 && len(keys) > c.Budget {
				keys = keys[:c.Budget]
			}
			for _, g := range keys {
				gain := math.Log1p((1 - smooth) * shares[id][g] / (smooth * background[g]))
				q := uint8(min(255, math.Round(gain/quantum)))
				if q == 0 {
					continue
				}
				entries = append(entries, entry{g, evidence{uint8(id), q}})
				usual[id] += shares[id][g] * float64(q) * orderWeight[order]
			}
		}
	}
	return encode(corpora, usual, entries)
}

// shares are the relative frequencies of the runs of three letters, or with order
// 1 of the letters. The sum that rounds is taken in a fixed order.
func (c Corpus) shares(order int) (map[gram]float64, error) {
	count := map[gram]float64{}
	total := 0.0
	for _, t := range c.Texts {
		tally := func(g gram) { count[g] += t.Weight; total += t.Weight }
		ignore := func(gram) {}
		words(t.Body, func(w []rune) {
			if order == 0 {
				grams(w, tally, ignore)
			} else {
				grams(w, ignore, tally)
			}
		})
	}
	if total == 0 {
		return nil, fmt.Errorf("class %s has no text", c.Name)
	}
	for g, n := range count {
		if n < least {
			delete(count, g)
		} else {
			count[g] = n / total
		}
	}
	return count, nil
}

type entry struct {
	key gram
	evidence
}

func encode(corpora []Corpus, usual []float64, entries []entry) ([]byte, error) {
	raw := []byte{byte(len(corpora))}
	text := func(s string) { raw = append(append(raw, byte(len(s))), s...) }
	for id, c := range corpora {
		text(c.Name)
		text(c.Tag)
		raw = append(raw, uint8(min(255, math.Round(usual[id]))))
	}
	slices.SortFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.class, b.class))
	})
	distinct := 0
	for i := range entries {
		if i == 0 || entries[i].key != entries[i-1].key {
			distinct++
		}
	}
	raw = binary.AppendUvarint(raw, uint64(distinct))
	var last gram
	for i := 0; i < len(entries); {
		j := i
		for j < len(entries) && entries[j].key == entries[i].key {
			j++
		}
		raw = binary.AppendUvarint(raw, uint64(entries[i].key-last))
		last = entries[i].key
		raw = append(raw, byte(j-i))
		for ; i < j; i++ {
			raw = append(raw, entries[i].class, entries[i].gain)
		}
	}
	out := bytes.NewBufferString(format)
	z, err := flate.NewWriter(out, flate.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(raw); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
