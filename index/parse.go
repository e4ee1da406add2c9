package index

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of a query text.
const (
	maxQueryText = 4096 // bytes
	maxClauses   = 200  // words, phrases and field conditions
)

// ParseError says where a query text is wrong. It is ErrQuery.
type ParseError struct {
	Pos  int // byte offset into the text
	What string
}

func (e *ParseError) Error() string { return fmt.Sprintf("query: at %d: %s", e.Pos, e.What) }

// Unwrap makes every ParseError an ErrQuery.
func (e *ParseError) Unwrap() error { return ErrQuery }

// Parse reads the syntax people type (docs/query.md). The empty text is All. The
// condition it returns is within the limits of a query. An error is a
// *ParseError.
func Parse(text string) (Node, error) {
	if len(text) > maxQueryText {
		return nil, &ParseError{maxQueryText, fmt.Sprintf("longer than %d bytes", maxQueryText)}
	}
	if !utf8.ValidString(text) {
		return nil, &ParseError{0, "not UTF-8"}
	}
	p := &parser{text: text}
	p.space()
	if p.end() {
		return All{}, nil
	}
	n, err := p.or(1)
	if err != nil {
		return nil, err
	}
	if !p.end() {
		return nil, p.errorf(p.pos, "no parenthesis is open here")
	}
	if _, err := Compile(Query{Where: n}); err != nil {
		return nil, &ParseError{0, strings.TrimPrefix(err.Error(), "query: ")}
	}
	return n, nil
}

type parser struct {
	text    string
	pos     int
	clauses int
}

func (p *parser) errorf(pos int, format string, args ...any) error {
	return &ParseError{pos, fmt.Sprintf(format, args...)}
}

func (p *parser) end() bool { return p.pos >= len(p.text) }

// peek returns the byte at the place of reading, 0 at the end.
func (p *parser) peek() byte {
	if p.end() {
		return 0
	}
	return p.text[p.pos]
}

func (p *parser) space() {
	for !p.end() {
		r, n := utf8.DecodeRuneInString(p.text[p.pos:])
		if !unicode.IsSpace(r) {
			return
		}
		p.pos += n
	}
}

// keyword tells whether an operator word stands here, and reads it.
func (p *parser) keyword(word string) bool {
	rest, ok := strings.CutPrefix(p.text[p.pos:], word)
	if !ok {
		return false
	}
	if r, _ := utf8.DecodeRuneInString(rest); rest != "" && !unicode.IsSpace(r) && r != '(' && r != ')' {
		return false
	}
	p.pos += len(word)
	p.space()
	return true
}

func (p *parser) or(depth int) (Node, error) {
	var any []Node
	for {
		n, err := p.and(depth)
		if err != nil {
			return nil, err
		}
		any = append(any, n)
		at := p.pos
		if !p.keyword("OR") {
			return Or(any...), nil
		}
		if p.end() || p.peek() == ')' {
			return nil, p.errorf(at, "OR wants something after it")
		}
	}
}

func (p *parser) and(depth int) (Node, error) {
	var must, not []Node
	words := "" // plain words next to one another are one Text
	flush := func() {
		if words != "" {
			must = append(must, Text{Query: words})
			words = ""
		}
	}
	for first := true; ; first = false {
		p.space()
		if p.end() || p.peek() == ')' {
			break
		}
		at := p.pos
		if p.atOr() {
			if first {
				return nil, p.errorf(at, "OR wants something before it")
			}
			break
		}
		if p.keyword("AND") {
			if first {
				return nil, p.errorf(at, "AND wants something before it")
			}
			if p.end() || p.peek() == ')' || p.atOr() {
				return nil, p.errorf(at, "AND wants something after it")
			}
		}
		n, negated, err := p.unary(depth)
		if err != nil {
			return nil, err
		}
		if t, ok := n.(Text); ok && !negated && len(t.Fields) == 0 {
			words = strings.TrimSpace(words + " " + t.Query)
			continue
		}
		flush()
		if negated {
			not = append(not, n)
		} else {
			must = append(must, n)
		}
	}
	flush()
	if len(must)+len(not) == 0 {
		return nil, p.errorf(p.pos, "nothing in parentheses")
	}
	if len(not) == 0 {
		return And(must...), nil
	}
	return Bool{Must: must, Not: not}, nil
}

func (p *parser) atOr() bool {
	at := p.pos
	ok := p.keyword("OR")
	p.pos = at
	return ok
}

func (p *parser) unary(depth int) (n Node, negated bool, err error) {
	for {
		at := p.pos
		switch {
		case p.keyword("NOT"):
		case p.peek() == '-' && p.pos+1 < len(p.text) && !strings.ContainsRune(" \t\r\n-", rune(p.text[p.pos+1])):
			p.pos++
		default:
			n, err = p.primary(depth)
			return n, negated, err
		}
		if negated = !negated; p.end() || p.peek() == ')' {
			return nil, false, p.errorf(at, "NOT wants something after it")
		}
	}
}

func (p *parser) primary(depth int) (Node, error) {
	at := p.pos
	if p.clauses++; p.clauses > maxClauses {
		return nil, p.errorf(at, "more than %d words and conditions", maxClauses)
	}
	switch p.peek() {
	case '(':
		// A parenthesis may cost two levels: its Bool and one in it.
		if depth+2 > maxDepth-1 {
			return nil, p.errorf(at, "parentheses nested too deep")
		}
		p.pos++
		n, err := p.or(depth + 2)
		if err != nil {
			return nil, err
		}
		if p.peek() != ')' {
			return nil, p.errorf(at, "parenthesis is not closed")
		}
		p.pos++
		return n, nil
	case '"':
		s, err := p.quoted()
		if err != nil {
			return nil, err
		}
		return Phrase{Text: s}, nil
	}
	if f, err := p.field(); err != nil {
		return nil, err
	} else if f != nil {
		return p.condition(f)
	}
	w := p.word()
	if w == "" {
		return nil, p.errorf(at, "unexpected %q", p.text[at:at+1])
	}
	if w == "*" {
		return All{}, nil
	}
	if v, ok := strings.CutSuffix(w, "*"); ok {
		n := Prefix{Value: v}
		return n, p.check(n, at)
	}
	if n, ok := identify(w); ok {
		return n, nil
	}
	return Text{Query: w}, nil
}

// check reports a condition that cannot be carried out where it stands.
func (p *parser) check(n Node, at int) error {
	if _, err := (&compiler{}).node(n, 1); err != nil {
		return p.errorf(at, "%s", strings.TrimPrefix(err.Error(), "query: "))
	}
	return nil
}

// word reads up to a space, parenthesis or quotation mark.
func (p *parser) word() string {
	at := p.pos
	for !p.end() {
		r, n := utf8.DecodeRuneInString(p.text[p.pos:])
		if unicode.IsSpace(r) || r == '(' || r == ')' || r == '"' {
			break
		}
		p.pos += n
	}
	return p.text[at:p.pos]
}

// quoted reads "…"; a backslash keeps the next character as it is.
func (p *parser) quoted() (string, error) {
	at := p.pos
	var b strings.Builder
	for p.pos++; !p.end(); p.pos++ {
		switch c := p.text[p.pos]; c {
		case '"':
			p.pos++
			return b.String(), nil
		case '\\':
			if p.pos++; !p.end() {
				b.WriteByte(p.text[p.pos])
			}
		default:
			b.WriteByte(c)
		}
	}
	return "", p.errorf(at, "quotation mark is not closed")
}

// field reads "name:" if one stands here. A name that is none of the schema's is
// an error, but for what is plainly a URL.
func (p *parser) field() (*Field, error) {
	i := p.pos
	for i < len(p.text) && (p.text[i] == '_' || 'a' <= p.text[i] && p.text[i] <= 'z' || 'A' <= p.text[i] && p.text[i] <= 'Z') {
		i++
	}
	if i == p.pos || i == len(p.text) || p.text[i] != ':' || strings.HasPrefix(p.text[i:], "://") {
		return nil, nil
	}
	name := strings.ToLower(p.text[p.pos:i])
	f := lookup(name)
	if f == nil {
		if name == "mailto" || name == "magnet" {
			return nil, nil
		}
		return nil, p.errorf(p.pos, "no field is called %q; to search for the text itself, put it in quotation marks", name)
	}
	if f.Kind == KindStored {
		return nil, p.errorf(p.pos, "%s is not searched", name)
	}
	p.pos = i + 1
	return f, nil
}

// condition reads what follows "name:".
func (p *parser) condition(f *Field) (Node, error) {
	at := p.pos
	switch p.peek() {
	case '"':
		s, err := p.quoted()
		if err != nil {
			return nil, err
		}
		if f.Kind == KindText {
			return Phrase{Field: f.Name, Text: s}, nil
		}
		return p.value(f, s, at)
	case '(':
		return p.values(f)
	case '[', '{':
		return p.interval(f)
	case '>', '<':
		op := p.text[p.pos : p.pos+1]
		p.pos++
		if p.peek() == '=' {
			op += "="
			p.pos++
		}
		v := p.word()
		if v == "" {
			return nil, p.errorf(at, "%s wants a value after %s", f.Name, op)
		}
		n := Range{Field: f.Name}
		*map[string]*string{">": &n.GT, ">=": &n.GTE, "<": &n.LT, "<=": &n.LTE}[op] = v
		return n, p.check(n, at)
	}
	w := p.word()
	switch {
	case w == "":
		return nil, p.errorf(at, "%s wants a value after the colon", f.Name)
	case w == "*":
		return Exists{f.Name}, nil
	case strings.HasSuffix(w, "*"):
		n := Prefix{f.Name, strings.TrimSuffix(w, "*")}
		return n, p.check(n, at)
	case f.Kind == KindText:
		return Text{Fields: []string{f.Name}, Query: w}, nil
	}
	return p.value(f, w, at)
}

// value is the condition that a keyword, number or date has a value. A period is
// a whole day, month or year.
func (p *parser) value(f *Field, v string, at int) (Node, error) {
	var n Node = Term{Field: f.Name, Values: []string{v}, Fold: f.Case == CaseName}
	if f.Kind == KindDate || (f.Name == "day" && len(v) < len("2006-01-02")) {
		n = Range{Field: f.Name, GTE: v, LTE: v}
	}
	return n, p.check(n, at)
}

// values reads a list in parentheses: any of them.
func (p *parser) values(f *Field) (Node, error) {
	open := p.pos
	p.pos++
	var list []string
	var any []Node
	for {
		p.space()
		if p.end() {
			return nil, p.errorf(open, "parenthesis is not closed")
		}
		if p.peek() == ')' {
			p.pos++
			break
		}
		if p.keyword("OR") {
			continue
		}
		at := p.pos
		if p.clauses++; p.clauses > maxClauses {
			return nil, p.errorf(at, "more than %d words and conditions", maxClauses)
		}
		var v string
		var err error
		quoted := p.peek() == '"'
		if quoted {
			v, err = p.quoted()
		} else {
			v = p.word()
		}
		if err != nil {
			return nil, err
		}
		if v == "" && !quoted {
			return nil, p.errorf(at, "unexpected %q in a list of values", p.text[at:at+1])
		}
		switch f.Kind {
		case KindText:
			if quoted {
				any = append(any, Phrase{Field: f.Name, Text: v})
			} else {
				any = append(any, Text{Fields: []string{f.Name}, Query: v})
			}
		case KindKeyword:
			list = append(list, v)
		default:
			n, err := p.value(f, v, at)
			if err != nil {
				return nil, err
			}
			any = append(any, n)
		}
	}
	if len(list) > 0 {
		return Term{Field: f.Name, Values: list, Fold: f.Case == CaseName}, nil
	}
	if len(any) == 0 {
		return nil, p.errorf(open, "no values in parentheses")
	}
	return Or(any...), nil
}

// interval reads [a TO b], bounds within, or {a TO b}, bounds without; * is open.
func (p *parser) interval(f *Field) (Node, error) {
	open := p.pos
	end := strings.IndexAny(p.text[open:], "]}")
	if end < 0 {
		return nil, p.errorf(open, "interval is not closed")
	}
	parts := strings.Fields(p.text[open+1 : open+end])
	if len(parts) != 3 || parts[1] != "TO" {
		return nil, p.errorf(open, "want an interval as [1 TO 5]")
	}
	n := Range{Field: f.Name}
	if a := parts[0]; a != "*" && p.text[open] == '[' {
		n.GTE = a
	} else if a != "*" {
		n.GT = a
	}
	if b := parts[2]; b != "*" && p.text[open+end] == ']' {
		n.LTE = b
	} else if b != "*" {
		n.LT = b
	}
	p.pos = open + end + 1
	return n, p.check(n, open)
}
