package extract

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/PuerkitoBio/goquery"
	"golang.org/x/net/html"
)

// field is where one value stands and how it is read.
type field struct {
	Select    string   `toml:"select"`    // inside the element; ":scope" is the element itself
	Page      bool     `toml:"page"`      // select in the whole page instead
	Attr      string   `toml:"attr"`      // the value of an attribute, else the text
	Own       bool     `toml:"own"`       // the element's own text, not its children's
	Dated     bool     `toml:"dated"`     // an element inside with a datetime or title attribute is read as that
	Drop      []string `toml:"drop"`      // elements inside whose text is left out
	Join      string   `toml:"join"`      // all matches, joined with this; else the first that has a value
	Value     string   `toml:"value"`     // a constant, without select
	Transform []string `toml:"transform"` // in order
	Or        *field   `toml:"or"`        // read where this one has no value

	seen  bool // the words of a post
	sel   goquery.Matcher
	drop  []goquery.Matcher
	steps []step
}

// step is one transform; an empty result means that the field has no value.
type step func(string) string

// scope stands for the element itself; it selects nothing inside it.
type scope struct{}

func (scope) Match(*html.Node) bool               { return false }
func (scope) MatchAll(*html.Node) []*html.Node    { return nil }
func (scope) Filter(ns []*html.Node) []*html.Node { return nil }

var numeric = regexp.MustCompile(`\d(?:[\d ,.\x{a0}\x{202f}']*\d)?`)

// transforms by name; the argument is what follows the name.
var transforms = map[string]func(arg string) (step, error){
	"trim": func(arg string) (step, error) {
		return func(s string) string { return strings.Trim(s, arg+" \t\n") }, nil
	},
	"fold":  func(string) (step, error) { return fold, nil },
	"lower": func(string) (step, error) { return strings.ToLower, nil },
	"after": func(arg string) (step, error) {
		return func(s string) string { _, s, _ = strings.Cut(s, arg); return s }, need(arg)
	},
	"before": func(arg string) (step, error) {
		return func(s string) string { s, _, _ = strings.Cut(s, arg); return s }, need(arg)
	},
	"drop": func(arg string) (step, error) {
		return func(s string) string { return strings.ReplaceAll(s, arg, "") }, need(arg)
	},
	"match": func(arg string) (step, error) {
		re, err := regexp.Compile(arg)
		if err != nil {
			return nil, err
		}
		return func(s string) string {
			m := re.FindStringSubmatch(s)
			if m == nil {
				return ""
			}
			return m[len(m)-1]
		}, need(arg)
	},
	"unless": func(arg string) (step, error) {
		re, err := regexp.Compile(arg)
		if err != nil {
			return nil, err
		}
		return func(s string) string {
			if re.MatchString(s) {
				return ""
			}
			return s
		}, need(arg)
	},
	"number": func(string) (step, error) {
		return func(s string) string { return decimal(numeric.FindString(s)) }, nil
	},
	"currency": func(string) (step, error) { return currencyOf, nil },
	"time":     func(arg string) (step, error) { return timeStep(arg) },
}

func need(arg string) error {
	if arg == "" {
		return fmt.Errorf("wants an argument")
	}
	return nil
}

// set says whether the profile has the field.
func (f *field) set() bool { return f.sel != nil || f.Value != "" }

func (f *field) compile(key string) (err error) {
	if f.Value != "" && f.Select != "" {
		return fmt.Errorf("%s: value and select exclude each other", key)
	}
	if f.Select == "" {
		if f.Attr != "" || f.Own || f.Join != "" || f.Page || f.Dated || f.Drop != nil || f.Or != nil || len(f.Transform) > 0 && f.Value == "" {
			return fmt.Errorf("%s.select: want a selector", key)
		}
		return nil
	}
	if f.Select != ":scope" {
		if f.sel, err = selector(key+".select", f.Select); err != nil {
			return err
		}
	} else {
		f.sel = scope{}
	}
	if f.drop, err = selectors(key+".drop", f.Drop); err != nil {
		return err
	}
	if f.Or != nil {
		if err := f.Or.compile(key + ".or"); err != nil {
			return err
		}
	}
	for _, t := range f.Transform {
		name, arg, _ := strings.Cut(t, " ")
		make, known := transforms[name]
		if !known {
			return fmt.Errorf("%s.transform: unknown transform %q", key, name)
		}
		s, err := make(arg)
		if err != nil {
			return fmt.Errorf("%s.transform %q: %w", key, t, err)
		}
		f.steps = append(f.steps, s)
	}
	return nil
}

// nodes are what the field selects.
func (f *field) nodes(page, element *goquery.Selection) []*html.Node {
	switch {
	case f.sel == nil:
		return nil
	case f.Select == ":scope":
		return element.Nodes
	case f.Page:
		return page.FindMatcher(f.sel).Nodes
	}
	return element.FindMatcher(f.sel).Nodes
}

// fixed is the field with what it selects in the whole page read once: a page of
// many elements is not searched again for each.
func (f field) fixed(page *goquery.Selection) field {
	or := f.Or
	if or != nil {
		rest := or.fixed(page)
		f.Or = &rest
	}
	if !f.Page {
		return f
	}
	alone := f
	alone.Or = nil
	if v := alone.get(page, page); v != "" {
		return field{Value: v}
	}
	if or != nil {
		return *f.Or
	}
	return field{}
}

// get reads the field; "" where it has no value.
func (f *field) get(page, element *goquery.Selection) string {
	if f.Value != "" {
		return f.Value
	}
	var all []string
	for _, n := range f.nodes(page, element) {
		v := f.read(n)
		for _, s := range f.steps {
			v = s(v)
		}
		if v = strings.TrimSpace(v); v == "" {
			continue
		}
		if f.Join == "" {
			return v
		}
		all = append(all, v)
	}
	if len(all) == 0 && f.Or != nil {
		return f.Or.get(page, element)
	}
	return strings.Join(all, f.Join)
}

func (f *field) read(n *html.Node) string {
	switch {
	case f.Attr != "":
		for _, a := range n.Attr {
			if a.Key == f.Attr {
				return a.Val
			}
		}
		return ""
	case f.Own:
		var b strings.Builder
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			switch {
			case c.Type == html.TextNode:
				b.WriteString(fold(" " + c.Data + " "))
				b.WriteByte(' ')
			case c.Data == "br":
				b.WriteByte('\n')
			}
		}
		lines := strings.Split(b.String(), "\n")
		for i := range lines {
			lines[i] = strings.TrimSpace(lines[i])
		}
		return strings.Join(lines, "\n")
	}
	w := writer{dated: f.Dated}
	for _, sel := range f.drop {
		for _, left := range sel.MatchAll(n) {
			w.leave(left)
		}
	}
	if f.seen {
		return w.seen(n)
	}
	return w.text(n)
}
