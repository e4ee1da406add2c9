package language

import (
	"bytes"
	"compress/flate"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
)

//go:embed model.bin
var modelFile []byte

// format is the first line of a model file.
const format = "tamga language model 1\n"

// quantum is the step of the gains in the file, in nats.
const quantum = 1.0 / 16

// orderWeight is how much a run of three letters and a single letter count for.
var orderWeight = [2]float64{1, 0.5}

// class is a language in one script, as the model knows it.
type class struct {
	name  string // "tk-Cyrl"
	tag   string // what is reported: one of the nine, "" for another language
	usual uint8  // the mean gain of a run of three letters in its own text
}

// evidence is what one gram says for a class: the log of how much more likely it
// is there than by the background's share alone, in quanta. A class without an
// entry has none, so a gram that is known nowhere says nothing.
type evidence struct{ class, gain uint8 }

// model is an open-addressed table of grams, no key of which is zero.
type model struct {
	classes []class
	slots   []slot
	gains   []evidence
}

type slot struct {
	key   gram
	start uint32
	n     uint32
}

func (m *model) place(g gram) int {
	h := uint64(g) * 0x9E3779B97F4A7C15
	i := int(h >> 32 & uint64(len(m.slots)-1))
	for m.slots[i].key != 0 && m.slots[i].key != g {
		i = (i + 1) & (len(m.slots) - 1)
	}
	return i
}

func (m *model) lookup(g gram) []evidence {
	s := m.slots[m.place(g)]
	return m.gains[s.start : s.start+s.n]
}

var theModel = sync.OnceValues(func() (*model, error) { return decode(modelFile) })

var errModel = errors.New("language model is damaged")

// decode reads a model file, as Encode writes it.
func decode(file []byte) (*model, error) {
	body, ok := bytes.CutPrefix(file, []byte(format))
	if !ok {
		return nil, errModel
	}
	raw, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(body)), 8<<20))
	if err != nil {
		return nil, fmt.Errorf("language model: %w", err)
	}
	r := bytes.NewReader(raw)
	number := func() uint64 {
		v, e := binary.ReadUvarint(r)
		if e != nil {
			err = errModel
		}
		return v
	}
	octet := func() uint8 {
		b, e := r.ReadByte()
		if e != nil {
			err = errModel
		}
		return b
	}
	text := func() string {
		b := make([]byte, octet())
		if _, e := io.ReadFull(r, b); e != nil {
			err = errModel
		}
		return string(b)
	}
	m := &model{}
	for range octet() {
		m.classes = append(m.classes, class{text(), text(), octet()})
	}
	n := number()
	if err != nil || n > uint64(len(raw)) {
		return nil, errModel
	}
	size := 1
	for size < int(n)*2 {
		size *= 2
	}
	m.slots = make([]slot, size+1)[:size]
	for key, i := gram(0), uint64(0); i < n; i++ {
		key += gram(number())
		entries := int(octet())
		s := &m.slots[m.place(key)]
		*s = slot{key, uint32(len(m.gains)), uint32(entries)}
		for range entries {
			c := evidence{octet(), octet()}
			if int(c.class) >= len(m.classes) {
				return nil, errModel
			}
			m.gains = append(m.gains, c)
		}
		if err != nil || key == 0 {
			return nil, errModel
		}
	}
	return m, err
}
