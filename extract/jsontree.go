package extract

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Bounds of a JSON body that is read as posts.
const (
	maxNodes   = 1 << 19 // values
	maxNesting = 512     // objects and arrays inside each other
	maxMembers = 1 << 12 // of an object among which a name is looked for
)

// jsonNode is a value of a JSON text (RFC 8259) and its place in it.
type jsonNode struct {
	kind        byte     // { [ " - t f n; 0: no value
	whole       bool     // its end was found
	start, end  int32    // brackets and quotes included
	name        [2]int32 // of a member of an object, without its quotes
	child, next int32    // 0: none
}

// jsonTree is a JSON text whose values know where they stand. Node 0 is no value.
type jsonTree struct {
	source string
	nodes  []jsonNode
}

// jsonValue is a value of a tree; the zero of a tree has no members and no text.
type jsonValue struct {
	t *jsonTree
	n int32
}

// parseJSON reads source up to its end, or to the first byte that is no JSON: a
// body that was cut has all values that were whole before, in objects and arrays
// that are not. The error says why it ended early.
func parseJSON(source string) (jsonValue, error) {
	p := jsonParser{t: &jsonTree{source: source, nodes: make([]jsonNode, 1, 64+min(len(source)/16, maxNodes))}, s: source}
	if len(source) > math.MaxInt32 {
		return jsonValue{p.t, 0}, errors.New("JSON larger than 2 GiB")
	}
	err := p.run()
	for _, o := range p.open {
		p.t.nodes[o.node].end = int32(p.i)
	}
	return jsonValue{p.t, min(1, int32(len(p.t.nodes))-1)}, err
}

type jsonParser struct {
	t    *jsonTree
	s    string
	i    int
	open []struct{ node, last int32 } // the containers, and the last value in each
	name [2]int32
}

func (p *jsonParser) space() {
	for p.i < len(p.s) && (p.s[p.i] == ' ' || p.s[p.i] == '\n' || p.s[p.i] == '\t' || p.s[p.i] == '\r') {
		p.i++
	}
}

// run reads values without recursion: hostile nesting costs no stack.
func (p *jsonParser) run() error {
	for want := true; ; {
		p.space()
		if p.i >= len(p.s) {
			if want || len(p.open) > 0 {
				return errors.New("JSON ends early")
			}
			return nil
		}
		if !want { // after a value
			if len(p.open) == 0 {
				return fmt.Errorf("JSON goes on after its value at byte %d", p.i)
			}
			top := &p.t.nodes[p.open[len(p.open)-1].node]
			switch c := p.s[p.i]; {
			case c == ',':
				p.i++
				want = true
			case c == top.kind+2: // } ] follow { [ in ASCII by two
				p.close()
			default:
				return fmt.Errorf("no JSON at byte %d", p.i)
			}
			continue
		}
		if n := len(p.open); n > 0 {
			o := p.open[n-1]
			top := p.t.nodes[o.node]
			if p.s[p.i] == top.kind+2 && o.last == 0 {
				p.close()
				want = false
				continue
			}
			if top.kind == '{' {
				if err := p.member(); err != nil {
					return err
				}
			}
		}
		container, err := p.value()
		if err != nil {
			return err
		}
		want = container
	}
}

// member reads the name of a member and its colon.
func (p *jsonParser) member() error {
	start := p.i
	if !p.text() {
		return fmt.Errorf("no name of a member at byte %d", start)
	}
	p.name = [2]int32{int32(start + 1), int32(p.i - 1)}
	p.space()
	if p.i >= len(p.s) || p.s[p.i] != ':' {
		return fmt.Errorf("no colon at byte %d", p.i)
	}
	p.i++
	p.space()
	if p.i >= len(p.s) {
		return errors.New("JSON ends early")
	}
	return nil
}

// value reads a scalar, or the opening of a container.
func (p *jsonParser) value() (container bool, err error) {
	start, c := p.i, p.s[p.i]
	switch {
	case c == '{' || c == '[':
		if len(p.open) >= maxNesting {
			return false, fmt.Errorf("JSON nested deeper than %d", maxNesting)
		}
		p.i++
		n, err := p.add(c, start)
		if err != nil {
			return false, err
		}
		p.open = append(p.open, struct{ node, last int32 }{n, 0})
		return true, nil
	case c == '"':
		if !p.text() {
			return false, errors.New("JSON ends early")
		}
	case c == '-' || isDigit(c):
		for p.i < len(p.s) && (isDigit(p.s[p.i]) || strings.IndexByte("+-.eE", p.s[p.i]) >= 0) {
			p.i++
		}
		c = '-'
	case strings.HasPrefix(p.s[p.i:], "true"), strings.HasPrefix(p.s[p.i:], "null"):
		p.i += 4
	case strings.HasPrefix(p.s[p.i:], "false"):
		p.i += 5
	default:
		return false, fmt.Errorf("no JSON at byte %d", p.i)
	}
	n, err := p.add(c, start)
	if err == nil {
		p.t.nodes[n].end, p.t.nodes[n].whole = int32(p.i), true
	}
	return false, err
}

// text passes over a string; false where it does not end.
func (p *jsonParser) text() bool {
	if p.s[p.i] != '"' {
		return false
	}
	for p.i++; p.i < len(p.s); p.i++ {
		switch p.s[p.i] {
		case '\\':
			p.i++
		case '"':
			p.i++
			return true
		}
	}
	p.i = len(p.s)
	return false
}

func (p *jsonParser) add(kind byte, start int) (int32, error) {
	if len(p.t.nodes) > maxNodes {
		return 0, fmt.Errorf("JSON of more than %d values", maxNodes)
	}
	n := int32(len(p.t.nodes))
	p.t.nodes = append(p.t.nodes, jsonNode{kind: kind, start: int32(start), name: p.name})
	p.name = [2]int32{}
	if k := len(p.open); k > 0 {
		o := &p.open[k-1]
		if o.last == 0 {
			p.t.nodes[o.node].child = n
		} else {
			p.t.nodes[o.last].next = n
		}
		o.last = n
	}
	return n, nil
}

func (p *jsonParser) close() {
	p.i++
	n := p.open[len(p.open)-1].node
	p.t.nodes[n].end, p.t.nodes[n].whole = int32(p.i), true
	p.open = p.open[:len(p.open)-1]
}

// memberName is the name of a member of an object.
func (v jsonValue) memberName() string {
	k := v.node().name
	w := unquote(v.t.source, int(k[0]), int(k[1]))
	return w.body
}

func (v jsonValue) node() jsonNode { return v.t.nodes[v.n] }

func (v jsonValue) is(kind byte) bool { return v.node().kind == kind }

func (v jsonValue) span() [2]int { n := v.node(); return [2]int{int(n.start), int(n.end)} }

// all calls each with the values of an array or object, in order, until it
// returns false.
func (v jsonValue) all(each func(jsonValue) bool) {
	for n := v.node().child; n != 0; n = v.t.nodes[n].next {
		if !each(jsonValue{v.t, n}) {
			return
		}
	}
}

// get follows the names of members; no value where there is none of that name.
func (v jsonValue) get(names ...string) jsonValue {
	for _, name := range names {
		if !v.is('{') {
			return jsonValue{v.t, 0}
		}
		found, seen := int32(0), 0
		v.all(func(m jsonValue) bool {
			if seen++; seen > maxMembers {
				return false
			}
			k := m.node().name
			if raw := v.t.source[k[0]:k[1]]; raw == name || len(raw) <= 6*len(name) && strings.IndexByte(raw, '\\') >= 0 && unquote(v.t.source, int(k[0]), int(k[1])).body == name {
				found = m.n
			}
			return found == 0
		})
		v.n = found
	}
	return v
}

// view is the text of a string, with the way back to its source.
func (v jsonValue) view() view {
	n := v.node()
	if n.kind != '"' {
		return view{}
	}
	return unquote(v.t.source, int(n.start)+1, int(n.end)-1)
}

// text of a string; of a number as it is written.
func (v jsonValue) text() string {
	if n := v.node(); n.kind == '-' {
		return v.t.source[n.start:n.end]
	}
	return v.view().body
}

// number is a finite number; 0 where the value is none.
func (v jsonValue) number() float64 {
	if !v.is('-') {
		return 0
	}
	f, err := strconv.ParseFloat(v.text(), 64)
	if err != nil || math.IsInf(f, 0) {
		return 0
	}
	return f
}

// unquote undoes the escapes of source[start:end], the inside of a string. What
// is no escape stays as it is written; half of a surrogate pair is U+FFFD.
func unquote(source string, start, end int) view {
	var b viewBuilder
	for from := start; from < end; {
		k := strings.IndexByte(source[from:end], '\\')
		if k < 0 {
			b.linear(source, from, end)
			break
		}
		b.linear(source, from, from+k)
		from += k
		s, n := escape(source[from:end])
		if n == 0 {
			b.linear(source, from, from+1)
			n = 1
		} else {
			b.stand(s, from, from+n)
		}
		from += n
	}
	return b.view()
}

// escape reads the escape that s starts with; n is its length, 0 where it is none.
func escape(s string) (text string, n int) {
	if len(s) < 2 {
		return "", 0
	}
	if k := strings.IndexByte(`"\/bfnrt`, s[1]); k >= 0 {
		return "\"\\/\b\f\n\r\t"[k : k+1], 2
	}
	if s[1] == 'x' && len(s) >= 4 { // no JSON, and what Telegram Desktop writes for control characters
		if x, err := strconv.ParseUint(s[2:4], 16, 8); err == nil {
			return string(rune(x)), 4
		}
	}
	r, ok := hexRune(s)
	if !ok {
		return "", 0
	}
	n = 6
	if utf16.IsSurrogate(r) {
		low, ok := hexRune(s[n:])
		if r = utf16.DecodeRune(r, low); ok && r != utf8.RuneError {
			n = 12
		}
	}
	return string(r), n
}

// hexRune reads \uXXXX.
func hexRune(s string) (rune, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	x, err := strconv.ParseUint(s[2:6], 16, 16)
	return rune(x), err == nil
}
