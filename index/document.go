package index

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"tamga"
)

// Limits of a document. What is over a limit of indexing is stored all the same
// and comes back whole; it cannot be searched for.
const (
	maxID      = 512     // bytes of an id
	maxText    = 1 << 20 // bytes of one text that are indexed
	maxKeyword = 8000    // bytes of a keyword that is indexed
	maxSortKey = 128     // bytes of a title that decide its place
)

// Document is one thing that can be found: a listing, vendor, post, capture or change.
// Fields has the names of the schema ([Fields]); others are stored and returned
// but not searched. Its values are strings, numbers, booleans, nil, and slices
// and string-keyed maps of them; they come back as JSON decodes them, numbers as
// json.Number.
type Document struct {
	ID      string         `json:"id"` // 1 to 512 bytes; a later document replaces one of the same id
	Kind    string         `json:"kind"`
	Capture tamga.Digest   `json:"capture,omitempty"`
	Seq     int64          `json:"seq"` // place of the capture in the evidence log
	Fields  map[string]any `json:"fields"`
}

// Entry is a document as an engine indexes it: values by column. Slices hold no
// value twice.
type Entry struct {
	ID       string
	Source   json.RawMessage     // the Document as JSON, for return
	Tokens   map[string][]string // columns of type Tokens, in order
	Keywords map[string][]string
	Numbers  map[string]float64 // Number, and Date in milliseconds since 1970 UTC
}

// Prepare checks a document and works out its entry.
func Prepare(d Document) (*Entry, error) {
	if d.ID == "" || len(d.ID) > maxID || !utf8.ValidString(d.ID) || strings.ContainsRune(d.ID, 0) {
		return nil, fmt.Errorf("document id %.40q: want 1 to %d bytes of UTF-8", d.ID, maxID)
	}
	if d.Fields == nil {
		d.Fields = map[string]any{}
	}
	source, err := json.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("document %s: %w", d.ID, err)
	}
	// What is indexed is what comes back: the values after their way through JSON.
	d, err = decodeDocument(source)
	if err != nil {
		return nil, fmt.Errorf("document %s: %w", d.ID, err)
	}
	e := &Entry{d.ID, source, map[string][]string{}, map[string][]string{}, map[string]float64{}}
	for i := range schema {
		e.add(&schema[i], values(&d, schema[i].Name))
	}
	e.derive()
	return e, nil
}

// Decode reads a stored document.
func Decode(source []byte) (Document, error) { return decodeDocument(source) }

func decodeDocument(source []byte) (d Document, err error) {
	dec := json.NewDecoder(bytes.NewReader(source))
	dec.UseNumber()
	if err := dec.Decode(&d); err != nil {
		return d, fmt.Errorf("decode document: %w", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return d, fmt.Errorf("decode document: more than one value")
	}
	return d, nil
}

// values returns the strings under a name, of the document itself or its fields.
func values(d *Document, name string) []string {
	switch name {
	case "id":
		return []string{d.ID}
	case "kind":
		return scalars(d.Kind)
	case "capture":
		return scalars(string(d.Capture))
	case "seq":
		return []string{strconv.FormatInt(d.Seq, 10)}
	}
	return scalars(d.Fields[name])
}

// scalars flattens a value to strings; maps, booleans and nil give none.
func scalars(v any) []string {
	switch v := v.(type) {
	case string:
		if v != "" {
			return []string{v}
		}
	case json.Number:
		return []string{v.String()}
	case []any:
		var all []string
		for _, x := range v {
			if _, nested := x.([]any); !nested {
				all = append(all, scalars(x)...)
			}
		}
		return all
	}
	return nil
}

func (e *Entry) add(f *Field, vals []string) {
	if len(vals) == 0 {
		return
	}
	if !f.Multi {
		vals = vals[:1]
	}
	switch f.Kind {
	case KindText:
		e.Tokens[f.Name] = terms(Tokenize(clip(vals[0], maxText)))
	case KindKeyword:
		for _, v := range vals {
			if k := f.Canon(v); k != "" && len(k) <= maxKeyword && !slices.Contains(e.Keywords[f.Name], k) {
				e.Keywords[f.Name] = append(e.Keywords[f.Name], k)
			}
			if f.Case == CaseName && len(v) <= maxKeyword {
				if k := Fold(v); k != "" && !slices.Contains(e.Keywords[foldColumn(f.Name)], k) {
					e.Keywords[foldColumn(f.Name)] = append(e.Keywords[foldColumn(f.Name)], k)
				}
			}
		}
	case KindNumber:
		if n, ok := parseNumber(vals[0]); ok {
			e.Numbers[f.Name] = n
		}
	case KindDate:
		if t, ok := parseTime(vals[0]); ok {
			e.Numbers[f.Name] = float64(t.UnixMilli())
		}
	}
}

// derive fills the columns that are made from others.
func (e *Entry) derive() {
	delete(e.Keywords, "day")
	for date, day := range dayColumns {
		if ms, ok := e.Numbers[date]; ok {
			e.Keywords[day] = []string{time.UnixMilli(int64(ms)).UTC().Format(time.DateOnly)}
		}
	}
	if t := e.Tokens["title"]; len(t) > 0 {
		e.Keywords[titleSort] = []string{clip(strings.Join(t, " "), maxSortKey)}
	}
	for _, f := range nameFields {
		for _, v := range e.Keywords[f] {
			e.Tokens[namesColumn] = append(e.Tokens[namesColumn], terms(Tokenize(v))...)
		}
	}
	for name, t := range e.Tokens {
		if len(t) == 0 {
			delete(e.Tokens, name)
		}
	}
	var has []string
	for i := range schema {
		n := schema[i].Name
		_, number := e.Numbers[n]
		if number || len(e.Keywords[n]) > 0 || len(e.Tokens[n]) > 0 {
			has = append(has, n)
		}
	}
	e.Keywords[hasColumn] = has
}

// clip cuts s to at most n bytes at the border of a rune.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// parseNumber reads a decimal number of at most 40 characters, without exponent.
func parseNumber(s string) (float64, bool) {
	if len(s) == 0 || len(s) > 40 || strings.Trim(s, "-0123456789.") != "" {
		return 0, false
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(n, 0) {
		return 0, false
	}
	if n == 0 {
		n = 0 // not the negative zero, which sorts apart
	}
	return n + 0, true
}

// parseTime reads an RFC 3339 time or a day, from 1970 to 9999.
func parseTime(s string) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		if t, err = time.Parse(time.DateOnly, s); err != nil {
			return t, false
		}
	}
	t = t.UTC()
	return t, t.Year() >= 1970 && t.Year() <= 9999
}
