package index

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Plan is a checked query over the columns: what an engine carries out.
type Plan struct {
	Where     Match
	ByScore   bool       // first by score, then by Sort
	Sort      []SortPlan // never empty; ends with the id
	Facets    []FacetPlan
	Histogram string // the column of days; empty: none
	Size      int    // 0: no hits
	After     *Place // nil: from the start
	hash      string
	query     Query
}

// SortPlan orders by a column that has one value or none; none comes last.
type SortPlan struct {
	Column string
	Type   ColumnType
	Desc   bool
}

// FacetPlan counts a column over Where; Apart says that it differs from the
// plan's own.
type FacetPlan struct {
	Field string // is also the column
	Size  int
	Where Match
	Apart bool
}

// Match is a condition on columns: MatchAll, MatchNone, MatchTokens, MatchTerms,
// MatchRange, MatchPrefix, MatchAnd, MatchOr or MatchNot.
type Match interface{ match() }

type (
	// MatchAll matches every document, MatchNone no document.
	MatchAll  struct{}
	MatchNone struct{}
	// MatchTokens matches tokens in sequence. Boost weighs it for relevance.
	MatchTokens struct {
		Column string
		Tokens []string
		Boost  float64
	}
	// MatchTerms matches any of some keywords.
	MatchTerms struct {
		Column string
		Values []string
	}
	// MatchRange matches numbers; nil is open.
	MatchRange struct {
		Column     string
		Min, Max   *float64
		OpenMin    bool // Min itself is out
		OpenMax    bool
		ColumnType ColumnType
	}
	// MatchPrefix matches keywords or tokens that begin with Prefix.
	MatchPrefix struct {
		Column string
		Prefix string
	}
	// MatchAnd matches all of them; of an Optional none has to match, they weigh
	// for relevance.
	MatchAnd struct {
		All      []Match
		Optional []Match
	}
	// MatchOr matches at least Min of them, Min ≥ 1.
	MatchOr struct {
		Any []Match
		Min int
	}
	// MatchNot is the opposite.
	MatchNot struct{ Not Match }
)

func (MatchAll) match()    {}
func (MatchNone) match()   {}
func (MatchTokens) match() {}
func (MatchTerms) match()  {}
func (MatchRange) match()  {}
func (MatchPrefix) match() {}
func (MatchAnd) match()    {}
func (MatchOr) match()     {}
func (MatchNot) match()    {}

// Compile checks a query and plans it. Its error is ErrQuery.
func Compile(q Query) (*Plan, error) {
	c := &compiler{}
	p := &Plan{query: q}
	var err error
	if p.Where, err = c.node(q.Where, 1); err != nil {
		return nil, err
	}
	p.ByScore = len(q.Sort) == 0 && c.words
	for _, k := range q.Sort {
		if err := checkSort(k.Field); err != nil {
			return nil, err
		}
		p.Sort = append(p.Sort, sortPlan(k))
		if k.Field == "id" {
			break // decides alone
		}
	}
	if len(p.Sort) == 0 || p.Sort[len(p.Sort)-1].Column != "id" {
		p.Sort = append(p.Sort, SortPlan{"id", Keyword, false})
	}
	if len(p.Sort) > 8 {
		return nil, queryError("more than 8 sort fields")
	}
	if err := p.facets(q, c); err != nil {
		return nil, err
	}
	if q.Histogram != nil {
		column, ok := dayColumns[q.Histogram.Field]
		if !ok {
			return nil, queryError("no histogram of %.40q: captured or posted", q.Histogram.Field)
		}
		p.Histogram = column
	}
	switch {
	case q.Size == 0:
		p.Size = DefaultSize
	case q.Size > MaxSize:
		return nil, queryError("size %d: more than %d", q.Size, MaxSize)
	case q.Size > 0:
		p.Size = q.Size
	}
	p.hash = hashOf(q)
	if q.Cursor != "" {
		if p.After, err = p.place(q.Cursor); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// hashOf names what a cursor is good for: the condition and the order.
func hashOf(q Query) string {
	b, err := json.Marshal(struct {
		W json.RawMessage
		S []SortKey
		V int
	}{mustMarshalNode(q.Where), q.Sort, schemaVersion})
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:12])
}

func sortPlan(k SortKey) SortPlan {
	f := lookup(k.Field)
	switch f.Kind {
	case KindText:
		return SortPlan{titleSort, Keyword, k.Desc}
	case KindNumber:
		return SortPlan{f.Name, Number, k.Desc}
	case KindDate:
		return SortPlan{f.Name, Date, k.Desc}
	}
	return SortPlan{f.Name, Keyword, k.Desc}
}

func (p *Plan) facets(q Query, c *compiler) error {
	if len(q.Facets) > maxFacets {
		return queryError("more than %d facets", maxFacets)
	}
	for _, f := range q.Facets {
		field := lookup(f.Field)
		if field == nil {
			return badField(f.Field)
		}
		if !field.Facet {
			return queryError("cannot count %s", f.Field)
		}
		if f.Size < 0 || f.Size > MaxFacet {
			return queryError("facet %s: size %d: want 0 to %d", f.Field, f.Size, MaxFacet)
		}
		if slices.ContainsFunc(p.Facets, func(have FacetPlan) bool { return have.Field == f.Field }) {
			return queryError("facet %s twice", f.Field)
		}
		fp := FacetPlan{Field: f.Field, Size: f.Size, Where: p.Where}
		if fp.Size == 0 {
			fp.Size = 10
		}
		if rest, apart := without(q.Where, f.Field); apart {
			var err error
			if fp.Where, err = (&compiler{}).node(rest, 1); err != nil {
				return err
			}
			fp.Apart = true
		}
		p.Facets = append(p.Facets, fp)
	}
	return nil
}

// without takes the conditions on a facet's own field out of a condition.
func without(n Node, field string) (Node, bool) {
	switch n := n.(type) {
	case Term:
		if n.Field == field {
			return All{}, true
		}
	case Bool:
		var must []Node
		removed := false
		for _, m := range n.Must {
			rest, r := without(m, field)
			removed = removed || r
			if _, all := rest.(All); all && r {
				continue
			}
			must = append(must, rest)
		}
		if removed {
			n.Must = must
			if len(must) == 0 && n.MinShould == 0 && len(n.Should) > 0 {
				// What was optional stays so.
				n.Must = []Node{All{}}
			}
			return n, true
		}
	}
	return n, false
}

type compiler struct {
	nodes int
	words bool // there is something to be relevant to
}

func (c *compiler) node(n Node, depth int) (Match, error) {
	if c.nodes++; c.nodes > maxNodes {
		return nil, queryError("more than %d conditions", maxNodes)
	}
	if depth > maxDepth {
		return nil, errDeep
	}
	switch n := n.(type) {
	case nil, All:
		return MatchAll{}, nil
	case None:
		return MatchNone{}, nil
	case Text:
		return c.text(n)
	case Phrase:
		return c.phrase(n)
	case Term:
		return c.term(n)
	case Range:
		return c.between(n)
	case Prefix:
		return c.prefix(n)
	case Exists:
		if f := lookup(n.Field); f == nil {
			return nil, badField(n.Field)
		} else if f.Kind == KindStored {
			return nil, queryError("%s is not searched", n.Field)
		}
		return MatchTerms{hasColumn, []string{n.Field}}, nil
	case Bool:
		return c.bool(n, depth)
	}
	return nil, queryError("unknown condition %T", n)
}

func (c *compiler) bool(n Bool, depth int) (Match, error) {
	list := func(nodes []Node) ([]Match, error) {
		var out []Match
		for _, x := range nodes {
			m, err := c.node(x, depth+1)
			if err != nil {
				return nil, err
			}
			out = append(out, m)
		}
		return out, nil
	}
	must, err := list(n.Must)
	if err != nil {
		return nil, err
	}
	should, err := list(n.Should)
	if err != nil {
		return nil, err
	}
	not, err := list(n.Not)
	if err != nil {
		return nil, err
	}
	if n.MinShould < 0 || n.MinShould > maxNodes {
		return nil, queryError("min_should %d", n.MinShould)
	}
	min := n.MinShould
	if min == 0 && len(must) == 0 && len(should) > 0 {
		min = 1
	}
	and := MatchAnd{All: must}
	switch {
	case min > len(should):
		return MatchNone{}, nil
	case min > 0:
		and.All = append(and.All, MatchOr{should, min})
	default:
		and.Optional = should
	}
	for _, m := range not {
		and.All = append(and.All, MatchNot{m})
	}
	if len(and.All) == 0 {
		and.All = []Match{MatchAll{}}
	}
	if len(and.All) == 1 && len(and.Optional) == 0 {
		return and.All[0], nil
	}
	return and, nil
}

// columns resolves the text fields of a Text, Phrase or Prefix.
func (c *compiler) columns(fields []string) ([]string, error) {
	if len(fields) == 0 {
		return wordColumns, nil
	}
	for _, name := range fields {
		f := lookup(name)
		if f == nil {
			return nil, badField(name)
		}
		if f.Kind != KindText {
			return nil, queryError("%s is no text: it has values, not words", name)
		}
	}
	return slices.Compact(slices.Sorted(slices.Values(fields))), nil
}

func checkWords(s string) error {
	if len(s) > maxWords {
		return queryError("text of %d bytes: more than %d", len(s), maxWords)
	}
	if !utf8.ValidString(s) {
		return queryError("text is not UTF-8")
	}
	return nil
}

// sequence matches tokens in any of some columns.
func (c *compiler) sequence(columns, tokens []string) Match {
	c.words = true
	any := make([]Match, len(columns))
	for i, col := range columns {
		boost := 1.0
		if col == "title" {
			boost = 3
		}
		any[i] = MatchTokens{col, tokens, boost}
	}
	if len(any) == 1 {
		return any[0]
	}
	return MatchOr{any, 1}
}

func (c *compiler) text(n Text) (Match, error) {
	columns, err := c.columns(n.Fields)
	if err != nil {
		return nil, err
	}
	if err := checkWords(n.Query); err != nil {
		return nil, err
	}
	var words []Match
	for _, w := range strings.Fields(n.Query) {
		if tokens := terms(Tokenize(w)); len(tokens) > 0 {
			words = append(words, c.sequence(columns, tokens))
		}
	}
	if c.nodes += len(words); c.nodes > maxNodes {
		return nil, queryError("more than %d conditions", maxNodes)
	}
	switch {
	case len(words) == 0:
		return MatchNone{}, nil
	case len(words) == 1:
		return words[0], nil
	case n.Any:
		return MatchOr{words, 1}, nil
	}
	return MatchAnd{All: words}, nil
}

func (c *compiler) phrase(n Phrase) (Match, error) {
	var fields []string
	if n.Field != "" {
		fields = []string{n.Field}
	}
	columns, err := c.columns(fields)
	if err != nil {
		return nil, err
	}
	if err := checkWords(n.Text); err != nil {
		return nil, err
	}
	tokens := terms(Tokenize(n.Text))
	if len(tokens) == 0 {
		return MatchNone{}, nil
	}
	return c.sequence(columns, tokens), nil
}

func (c *compiler) term(n Term) (Match, error) {
	f := lookup(n.Field)
	if f == nil {
		return nil, badField(n.Field)
	}
	if len(n.Values) > maxValues {
		return nil, queryError("%s: more than %d values", n.Field, maxValues)
	}
	for _, v := range n.Values {
		if !utf8.ValidString(v) || len(v) > maxKeyword {
			return nil, queryError("%s: a value is not UTF-8 or longer than %d bytes", n.Field, maxKeyword)
		}
	}
	switch f.Kind {
	case KindKeyword:
		column, canon := f.Name, f.Canon
		if n.Fold && f.Case == CaseName {
			column, canon = foldColumn(f.Name), Fold
		}
		var vals []string
		for _, v := range n.Values {
			if k := canon(v); k != "" && !slices.Contains(vals, k) {
				vals = append(vals, k)
			}
		}
		if len(vals) == 0 {
			return MatchNone{}, nil
		}
		return MatchTerms{column, vals}, nil
	case KindNumber, KindDate:
		var any []Match
		for _, v := range n.Values {
			m, err := c.between(Range{Field: n.Field, GTE: v, LTE: v})
			if err != nil {
				return nil, err
			}
			any = append(any, m)
		}
		switch len(any) {
		case 0:
			return MatchNone{}, nil
		case 1:
			return any[0], nil
		}
		return MatchOr{any, 1}, nil
	}
	return nil, queryError("%s has no values to match", n.Field)
}

func (c *compiler) between(n Range) (Match, error) {
	f := lookup(n.Field)
	if f == nil {
		return nil, badField(n.Field)
	}
	name, kind := f.Name, f.Kind
	if name == "day" {
		name, kind = "captured", KindDate
	}
	if kind != KindNumber && kind != KindDate {
		return nil, queryError("%s has no range: it is no number or date", n.Field)
	}
	m := MatchRange{Column: name, ColumnType: Number}
	if kind == KindDate {
		m.ColumnType = Date
	}
	// low and high narrow the range.
	low := func(v float64, open bool) {
		if m.Min == nil || v > *m.Min || (v == *m.Min && open) {
			m.Min, m.OpenMin = &v, open
		}
	}
	high := func(v float64, open bool) {
		if m.Max == nil || v < *m.Max || (v == *m.Max && open) {
			m.Max, m.OpenMax = &v, open
		}
	}
	for _, b := range []struct {
		text   string
		put    func(float64, bool)
		open   bool
		pastIt bool // a date's bound is the end of what it names
	}{{n.GTE, low, false, false}, {n.GT, low, true, true}, {n.LT, high, true, false}, {n.LTE, high, false, true}} {
		if b.text == "" {
			continue
		}
		if kind == KindNumber {
			v, ok := parseNumber(b.text)
			if !ok {
				return nil, queryError("%s: %.40q is no decimal number", n.Field, b.text)
			}
			b.put(v, b.open)
			continue
		}
		from, to, ok := period(b.text)
		switch {
		case !ok:
			return nil, queryError("%s: %.40q is no time: want 2026-11-24, 2026-11, 2026 or RFC 3339", n.Field, b.text)
		case !b.pastIt:
			b.put(float64(from), b.open)
		case to == from: // an instant
			b.put(float64(from), b.open)
		default:
			b.put(float64(to), !b.open) // [from, to): after it is ≥ to, up to it is < to
		}
	}
	if m.Min == nil && m.Max == nil {
		return MatchTerms{hasColumn, []string{name}}, nil
	}
	if m.Min != nil && m.Max != nil && (*m.Min > *m.Max || (*m.Min == *m.Max && (m.OpenMin || m.OpenMax))) {
		return MatchNone{}, nil
	}
	return m, nil
}

// period reads a time as milliseconds [from, to): a year, month or day, or an
// instant, which has from == to.
func period(s string) (from, to int64, ok bool) {
	for _, p := range []struct {
		layout string
		y, m   int
		d      int
	}{{"2006", 1, 0, 0}, {"2006-01", 0, 1, 0}, {time.DateOnly, 0, 0, 1}} {
		if t, err := time.Parse(p.layout, s); err == nil {
			return t.UnixMilli(), t.AddDate(p.y, p.m, p.d).UnixMilli(), true
		}
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return 0, 0, false
	}
	ms := t.UnixMilli()
	return ms, ms, true
}

func (c *compiler) prefix(n Prefix) (Match, error) {
	if err := checkWords(n.Value); err != nil {
		return nil, err
	}
	columns := wordColumns
	if n.Field != "" {
		f := lookup(n.Field)
		if f == nil {
			return nil, badField(n.Field)
		}
		switch f.Kind {
		case KindKeyword:
			column, value := f.Name, f.Canon(n.Value)
			if f.Case == CaseName {
				column, value = foldColumn(f.Name), Fold(n.Value)
			}
			if utf8.RuneCountInString(value) < 2 {
				return nil, queryError("prefix %q: want two characters", n.Value)
			}
			return MatchPrefix{column, value}, nil
		case KindText:
			columns = []string{f.Name}
		default:
			return nil, queryError("%s has no prefix: it is no text or keyword", n.Field)
		}
	}
	tokens := tokenize(n.Value, false)
	if len(tokens) != 1 || utf8.RuneCountInString(tokens[0].Term) < 2 {
		return nil, queryError("prefix %q: want one word of two characters", n.Value)
	}
	c.words = true
	// Words are indexed by their stems: "opening*" must find "opening" too.
	whole, stemmed := tokens[0].Term, stem(tokens[0].Term)
	var any []Match
	for _, col := range columns {
		any = append(any, MatchPrefix{col, whole})
		if !strings.HasPrefix(stemmed, whole) {
			any = append(any, MatchTokens{col, []string{stemmed}, 1})
		}
	}
	if len(any) == 1 {
		return any[0], nil
	}
	return MatchOr{any, 1}, nil
}

// Fill makes the histogram of counts by day: sorted, with the empty days between
// the first and the last if they are at most 20,000.
func Fill(counts map[string]int64) []Day {
	days := make([]Day, 0, len(counts))
	for d, n := range counts {
		days = append(days, Day{d, n})
	}
	slices.SortFunc(days, func(a, b Day) int { return strings.Compare(a.Day, b.Day) })
	if len(days) < 2 {
		return days
	}
	first, err1 := time.Parse(time.DateOnly, days[0].Day)
	last, err2 := time.Parse(time.DateOnly, days[len(days)-1].Day)
	if err1 != nil || err2 != nil || last.Sub(first) > 20000*24*time.Hour {
		return days
	}
	full := make([]Day, 0, int(math.Round(last.Sub(first).Hours()/24))+1)
	for t := first; !t.After(last); t = t.AddDate(0, 0, 1) {
		d := t.Format(time.DateOnly)
		full = append(full, Day{d, counts[d]})
	}
	return full
}
