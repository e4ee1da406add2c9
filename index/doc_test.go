package index

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

// The manual names every field with its kind, and every query in it is one.
func TestManual(t *testing.T) {
	b, err := os.ReadFile("../docs/query.md")
	if err != nil {
		t.Fatal(err)
	}
	doc := string(b)
	for _, f := range Fields() {
		row := regexp.MustCompile(fmt.Sprintf("(?m)^\\| `%s` \\| %s[^|]*\\|([^|]*)\\| (.*) \\|$", f.Name, f.Kind)).FindStringSubmatch(doc)
		if row == nil {
			t.Errorf("docs/query.md has no row for %s, a %s", f.Name, f.Kind)
			continue
		}
		if strings.Contains(row[1], "facet") != f.Facet || strings.Contains(row[1], "sort") != f.Sort || strings.Contains(row[1], "several") != f.Multi {
			t.Errorf("docs/query.md: %s has %q, the schema says facet %v, sort %v, several %v", f.Name, row[1], f.Facet, f.Sort, f.Multi)
		}
		if row[2] != f.Doc {
			t.Errorf("docs/query.md: %s is %q, the schema says %q", f.Name, row[2], f.Doc)
		}
	}
	syntax, rest, _ := strings.Cut(doc, "Typed bare")
	for _, row := range regexp.MustCompile("(?m)^\\| (`.*`) \\|").FindAllStringSubmatch(syntax, -1) {
		for _, q := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(row[1], -1) {
			if n, err := Parse(q[1]); err != nil {
				t.Errorf("docs/query.md: %s: %v", q[1], err)
			} else if _, empty := n.(All); empty {
				t.Errorf("docs/query.md: %s is everything", q[1])
			}
		}
	}
	n := 0
	for _, q := range regexp.MustCompile("`({\"[^`]+)`").FindAllStringSubmatch(rest, -1) {
		n++
		node, err := UnmarshalNode([]byte(q[1]))
		if err != nil {
			t.Errorf("docs/query.md: %s: %v", q[1], err)
			continue
		}
		if _, err := Compile(Query{Where: node}); err != nil {
			t.Errorf("docs/query.md: %s: %v", q[1], err)
		}
	}
	if n < 8 {
		t.Errorf("docs/query.md has %d conditions as JSON", n)
	}
	// A query survives its way through JSON.
	q := Query{Where: Bool{Must: []Node{Text{Query: "a"}, Range{Field: "price", LT: "1"}}, Not: []Node{Exists{Field: "vendor"}}}, Sort: []SortKey{{"price", true}}, Size: 3}
	b, err = json.Marshal(q)
	if err != nil {
		t.Fatal(err)
	}
	var back Query
	if err := json.Unmarshal(b, &back); err != nil || fmt.Sprintf("%+v", back) != fmt.Sprintf("%+v", q) {
		t.Errorf("%s: %v, %+v; want %+v", b, err, back, q)
	}
}
