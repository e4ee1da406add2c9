package indextest

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"tamga/index"
)

// Oracle is an index.Rebuilder in memory that looks at every document for every
// query. It reads the query itself, not its plan, and knows no columns, so that
// an error in those shows as a difference. It is slow and obvious on purpose.
type Oracle struct {
	mu         sync.Mutex
	docs       map[string]index.Document
	checkpoint int64
}

// NewOracle returns an empty oracle.
func NewOracle() *Oracle { return &Oracle{docs: map[string]index.Document{}} }

var _ index.Rebuilder = (*Oracle)(nil)

// Put implements index.Store.
func (o *Oracle) Put(_ context.Context, docs []index.Document, checkpoint int64) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, d := range docs {
		if d.Fields == nil {
			d.Fields = map[string]any{}
		}
		b, err := json.Marshal(d)
		if err != nil {
			return err
		}
		if d, err = index.Decode(b); err != nil {
			return err
		}
		o.docs[d.ID] = d
	}
	o.checkpoint = checkpoint
	return nil
}

// Checkpoint implements index.Store.
func (o *Oracle) Checkpoint(context.Context) (int64, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.checkpoint, nil
}

// Get implements index.Store.
func (o *Oracle) Get(_ context.Context, id string) (index.Document, bool, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	d, ok := o.docs[id]
	return d, ok, nil
}

// Close implements index.Store.
func (o *Oracle) Close() error { return nil }

// Rebuild implements index.Rebuilder.
func (o *Oracle) Rebuild(_ context.Context, fill func(index.Store) error) error {
	fresh := NewOracle()
	if err := fill(fresh); err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.docs, o.checkpoint = fresh.docs, fresh.checkpoint
	return nil
}

// Search implements index.Store. Without a sort the order is by id.
func (o *Oracle) Search(_ context.Context, q index.Query) (r index.Result, err error) {
	plan, err := index.Compile(q) // for its checks, size and cursor alone
	if err != nil {
		return r, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	var found []index.Document
	for _, d := range o.docs {
		if Matches(q.Where, d) {
			found = append(found, d)
		}
	}
	slices.SortFunc(found, func(a, b index.Document) int { return compare(q.Sort, a, b) })
	r.Total = int64(len(found))
	page := found
	if q.Cursor != "" {
		var at string
		if err := json.Unmarshal(plan.After.Values[0], &at); err != nil {
			return r, err
		}
		last := o.docs[at]
		page = page[slices.IndexFunc(page, func(d index.Document) bool { return d.ID == last.ID })+1:]
	}
	page = page[:min(len(page), plan.Size)]
	r.Hits = plan.Hits(page)
	if len(page) > 0 && len(page) == plan.Size {
		values := make([]json.RawMessage, len(plan.Sort))
		if plan.ByScore {
			values = append(values, nil)
		}
		for i := range values {
			values[i], _ = json.Marshal(page[len(page)-1].ID)
		}
		if r.Cursor, err = plan.Cursor(index.Place{Values: values}); err != nil {
			return r, err
		}
	}
	for _, f := range q.Facets {
		if r.Facets == nil {
			r.Facets = map[string]index.FacetResult{}
		}
		r.Facets[f.Field] = o.facet(q.Where, f)
	}
	if h := q.Histogram; h != nil {
		counts := map[string]int64{}
		for _, d := range found {
			if t, ok := date(d, h.Field); ok {
				counts[t.Format(time.DateOnly)]++
			}
		}
		r.Histogram = histogram(counts)
	}
	return r, nil
}

func histogram(counts map[string]int64) []index.Day {
	if len(counts) == 0 {
		return []index.Day{}
	}
	var first, last string
	for d := range counts {
		if first == "" || d < first {
			first = d
		}
		last = max(last, d)
	}
	out := []index.Day{}
	for t, _ := time.Parse(time.DateOnly, first); ; t = t.AddDate(0, 0, 1) {
		d := t.Format(time.DateOnly)
		out = append(out, index.Day{Day: d, Count: counts[d]})
		if d == last {
			return out
		}
	}
}

func (o *Oracle) facet(where index.Node, f index.Facet) index.FacetResult {
	size := f.Size
	if size == 0 {
		size = 10
	}
	rest := strip(where, f.Field)
	counts := map[string]int64{}
	r := index.FacetResult{Values: []index.FacetValue{}}
	for _, d := range o.docs {
		if !Matches(rest, d) {
			continue
		}
		vals := keywords(d, f.Field)
		if len(vals) == 0 {
			r.Missing++
		}
		for _, v := range vals {
			counts[v]++
		}
	}
	for v, n := range counts {
		r.Values = append(r.Values, index.FacetValue{Value: v, Count: n})
	}
	slices.SortFunc(r.Values, func(a, b index.FacetValue) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Value, b.Value))
	})
	if len(r.Values) > size {
		for _, v := range r.Values[size:] {
			r.Other += v.Count
		}
		r.Values = r.Values[:size]
	}
	return r
}

// strip is the condition without the Terms of a field that stand alone or under
// Must alone.
func strip(n index.Node, field string) index.Node {
	switch n := n.(type) {
	case index.Term:
		if n.Field == field {
			return index.All{}
		}
	case index.Bool:
		must := make([]index.Node, len(n.Must))
		for i, m := range n.Must {
			must[i] = strip(m, field)
		}
		n.Must = must
		return n
	}
	return n
}

// Matches tells whether a document, as it comes back from a store, meets a
// condition.
func Matches(n index.Node, d index.Document) bool {
	switch n := n.(type) {
	case nil, index.All:
		return true
	case index.None:
		return false
	case index.Text:
		words, hits := 0, 0
		for _, w := range strings.Fields(n.Query) {
			seq := tokens(w)
			if len(seq) == 0 {
				continue
			}
			words++
			if anywhere(d, n.Fields, func(t []string) bool { return contains(t, seq) }) {
				hits++
			}
		}
		if n.Any {
			return hits > 0
		}
		return words > 0 && hits == words
	case index.Phrase:
		seq := tokens(n.Text)
		var fields []string
		if n.Field != "" {
			fields = []string{n.Field}
		}
		return len(seq) > 0 && anywhere(d, fields, func(t []string) bool { return contains(t, seq) })
	case index.Prefix:
		return prefix(n, d)
	case index.Term:
		return slices.ContainsFunc(n.Values, func(v string) bool { return has(d, n.Field, v, n.Fold) })
	case index.Range:
		return within(n, d)
	case index.Exists:
		return exists(d, n.Field)
	case index.Bool:
		should := 0
		for _, x := range n.Should {
			if Matches(x, d) {
				should++
			}
		}
		least := n.MinShould
		if least == 0 && len(n.Must) == 0 && len(n.Should) > 0 {
			least = 1
		}
		return should >= least &&
			!slices.ContainsFunc(n.Must, func(x index.Node) bool { return !Matches(x, d) }) &&
			!slices.ContainsFunc(n.Not, func(x index.Node) bool { return Matches(x, d) })
	}
	panic(fmt.Sprintf("oracle: condition %T", n))
}

// read remembers the words of texts: the suite reads the same ones often.
var read sync.Map

func tokens(s string) []string {
	if out, ok := read.Load(s); ok {
		return out.([]string)
	}
	var out []string
	for _, t := range index.Tokenize(s) {
		out = append(out, t.Term)
	}
	read.Store(s, out)
	return out
}

func contains(text, seq []string) bool {
	for i := 0; i+len(seq) <= len(text); i++ {
		if slices.Equal(text[i:i+len(seq)], seq) {
			return true
		}
	}
	return false
}

// anywhere tries the text fields or, without any, title, text and names.
func anywhere(d index.Document, fields []string, ok func([]string) bool) bool {
	if len(fields) > 0 {
		return slices.ContainsFunc(fields, func(f string) bool { return ok(tokens(first(d, f))) })
	}
	if ok(tokens(first(d, "title"))) || ok(tokens(first(d, "text"))) {
		return true
	}
	var names []string
	for _, f := range []string{"vendor", "market", "author", "channel", "section", "category", "substances"} {
		for _, v := range keywords(d, f) {
			names = append(names, tokens(v)...)
		}
	}
	return ok(names)
}

func prefix(n index.Prefix, d index.Document) bool {
	f, _ := index.LookupField(n.Field)
	if f.Kind == index.KindKeyword {
		want, value := n.Value, func(s string) string { return s }
		if f.Case == index.CaseName {
			want, value = index.Fold(n.Value), index.Fold
		} else {
			want = f.Canon(n.Value)
		}
		return slices.ContainsFunc(keywords(d, n.Field), func(v string) bool { return strings.HasPrefix(value(v), want) })
	}
	whole, stem := index.Fold(n.Value), tokens(n.Value)[0]
	var fields []string
	if n.Field != "" {
		fields = []string{n.Field}
	}
	return anywhere(d, fields, func(t []string) bool {
		return slices.ContainsFunc(t, func(s string) bool {
			return strings.HasPrefix(s, whole) || (s == stem && !strings.HasPrefix(stem, whole))
		})
	})
}

func has(d index.Document, field, value string, fold bool) bool {
	f, _ := index.LookupField(field)
	switch f.Kind {
	case index.KindNumber, index.KindDate:
		return within(index.Range{Field: field, GTE: value, LTE: value}, d)
	}
	if fold && f.Case == index.CaseName {
		want := index.Fold(value)
		return want != "" && slices.ContainsFunc(keywords(d, field), func(v string) bool { return index.Fold(v) == want })
	}
	want := f.Canon(value)
	return want != "" && slices.Contains(keywords(d, field), want)
}

// strings of a field as they stand.
func raw(d index.Document, field string) []string {
	switch field {
	case "id":
		return []string{d.ID}
	case "kind":
		return []string{d.Kind}
	case "capture":
		return []string{string(d.Capture)}
	case "seq":
		return []string{strconv.FormatInt(d.Seq, 10)}
	case "day":
		if t, ok := date(d, "captured"); ok {
			return []string{t.Format(time.DateOnly)}
		}
		return nil
	}
	var out []string
	add := func(v any) {
		switch v := v.(type) {
		case string:
			out = append(out, v)
		case json.Number:
			out = append(out, v.String())
		}
	}
	if list, ok := d.Fields[field].([]any); ok {
		for _, v := range list {
			add(v)
		}
	} else {
		add(d.Fields[field])
	}
	return slices.DeleteFunc(out, func(s string) bool { return s == "" })
}

func first(d index.Document, field string) string {
	if v := raw(d, field); len(v) > 0 {
		return v[0]
	}
	return ""
}

// keywords are the values of a keyword field, each once.
func keywords(d index.Document, field string) []string {
	f, _ := index.LookupField(field)
	vals := raw(d, field)
	if !f.Multi && len(vals) > 1 {
		vals = vals[:1]
	}
	var out []string
	for _, v := range vals {
		if k := f.Canon(v); k != "" && !slices.Contains(out, k) {
			out = append(out, k)
		}
	}
	return out
}

func number(d index.Document, field string) (float64, bool) {
	s := first(d, field)
	if s == "" || strings.ContainsAny(s, "eExXnNiI_+") {
		return 0, false
	}
	v, err := strconv.ParseFloat(s, 64)
	return v, err == nil
}

func date(d index.Document, field string) (time.Time, bool) {
	s := first(d, field)
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			t = t.UTC().Truncate(time.Millisecond)
			return t, t.Year() >= 1970 && t.Year() <= 9999
		}
	}
	return time.Time{}, false
}

func within(n index.Range, d index.Document) bool {
	f, _ := index.LookupField(n.Field)
	if n.Field == "day" {
		n.Field, f.Kind = "captured", index.KindDate
	}
	if f.Kind == index.KindNumber {
		v, ok := number(d, n.Field)
		test := func(bound string, ok func(b float64) bool) bool {
			b, _ := strconv.ParseFloat(bound, 64)
			return bound == "" || ok(b)
		}
		return ok && test(n.GTE, func(b float64) bool { return v >= b }) && test(n.GT, func(b float64) bool { return v > b }) &&
			test(n.LT, func(b float64) bool { return v < b }) && test(n.LTE, func(b float64) bool { return v <= b })
	}
	t, ok := date(d, n.Field)
	if !ok {
		return false
	}
	test := func(bound string, ok func(from, to time.Time) bool) bool {
		if bound == "" {
			return true
		}
		for layout, add := range map[string][3]int{"2006": {1, 0, 0}, "2006-01": {0, 1, 0}, time.DateOnly: {0, 0, 1}} {
			if b, err := time.Parse(layout, bound); err == nil {
				return ok(b, b.AddDate(add[0], add[1], add[2]).Add(-time.Millisecond))
			}
		}
		b, _ := time.Parse(time.RFC3339Nano, bound)
		b = b.UTC().Truncate(time.Millisecond)
		return ok(b, b)
	}
	return test(n.GTE, func(from, _ time.Time) bool { return !t.Before(from) }) && test(n.GT, func(_, to time.Time) bool { return t.After(to) }) &&
		test(n.LT, func(from, _ time.Time) bool { return t.Before(from) }) && test(n.LTE, func(_, to time.Time) bool { return !t.After(to) })
}

func exists(d index.Document, field string) bool {
	f, _ := index.LookupField(field)
	switch f.Kind {
	case index.KindText:
		return len(tokens(first(d, field))) > 0
	case index.KindNumber:
		_, ok := number(d, field)
		return ok
	case index.KindDate:
		_, ok := date(d, field)
		return ok
	}
	return len(keywords(d, field)) > 0
}

// compare orders two documents; one without a value comes last either way.
func compare(keys []index.SortKey, a, b index.Document) int {
	for _, k := range keys {
		f, _ := index.LookupField(k.Field)
		var c int
		var hasA, hasB bool
		switch f.Kind {
		case index.KindNumber:
			var x, y float64
			x, hasA = number(a, k.Field)
			y, hasB = number(b, k.Field)
			c = cmp.Compare(x, y)
		case index.KindDate:
			var x, y time.Time
			x, hasA = date(a, k.Field)
			y, hasB = date(b, k.Field)
			c = x.Compare(y)
		case index.KindText:
			x, y := strings.Join(tokens(first(a, k.Field)), " "), strings.Join(tokens(first(b, k.Field)), " ")
			hasA, hasB = x != "", y != ""
			c = strings.Compare(x, y)
		default:
			x, y := keywords(a, k.Field), keywords(b, k.Field)
			if hasA, hasB = len(x) > 0, len(y) > 0; hasA && hasB {
				c = strings.Compare(x[0], y[0])
			}
		}
		switch {
		case hasA && !hasB:
			return -1
		case hasB && !hasA:
			return 1
		case !hasA || c == 0:
			continue
		case k.Desc:
			return -c
		}
		return c
	}
	return strings.Compare(a.ID, b.ID)
}
