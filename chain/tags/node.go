package tags

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Limits of a file. A document tree takes some ten times its file in memory.
const (
	maxFile     = 32 << 20 // bytes
	maxText     = 8 << 10  // bytes of one field
	maxProblems = 20       // that are told; reading goes no further
	maxList     = 256      // concepts and the like of one tag
)

// Problem is what is wrong with a line of a file.
type Problem struct {
	Line int    `json:"line"`
	What string `json:"what"`
}

func (p Problem) Error() string { return fmt.Sprintf("line %d: %s", p.Line, p.What) }

// report collects what is wrong (errs) and what is doubtful (warnings).
type report struct {
	errs     []error
	warnings []Problem
	doubts   int // warnings, those beyond maxProblems too
	unsure   int // tags without a confidence
}

func (r *report) fail(line int, format string, a ...any) {
	if len(r.errs) < maxProblems {
		r.errs = append(r.errs, Problem{line, fmt.Sprintf(format, a...)})
	}
}

func (r *report) warn(line int, format string, a ...any) {
	if r.doubts++; len(r.warnings) < maxProblems {
		r.warnings = append(r.warnings, Problem{line, fmt.Sprintf(format, a...)})
	}
}

func (r *report) err() error { return errors.Join(r.errs...) }

// readAll reads a whole file up to maxFile.
func readAll(r io.Reader) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err == nil && len(b) > maxFile {
		err = fmt.Errorf("larger than %d MiB: split it", maxFile>>20)
	}
	return b, err
}

// parse reads the one document of a YAML (or JSON) file, a mapping.
func parse(b []byte) (*yaml.Node, error) {
	d := yaml.NewDecoder(bytes.NewReader(b))
	var doc yaml.Node
	if err := d.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, errors.New("empty")
	} else if err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "yaml: "))
	}
	var more yaml.Node
	if err := d.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one document")
	}
	if len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, Problem{max(doc.Line, 1), "want a mapping of fields"}
	}
	return doc.Content[0], nil
}

// fields are those of a mapping, each once, in its order.
type field struct {
	name  string
	value *yaml.Node
}

// fields checks a mapping and returns its fields. An alias would let a small file
// say much, and no pack needs one.
func (r *report) fields(n *yaml.Node) (out []field) {
	if n.Kind != yaml.MappingNode {
		r.fail(n.Line, "want a mapping of fields")
		return nil
	}
	seen := make(map[string]bool, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		switch {
		case k.Kind != yaml.ScalarNode || k.Tag == "!!merge":
			r.fail(k.Line, "want a field's name")
		case seen[k.Value]:
			r.fail(k.Line, "field %s twice", short(k.Value))
		case v.Kind == yaml.AliasNode:
			r.fail(v.Line, "%s: aliases are not read", short(k.Value))
		case v.Kind == yaml.ScalarNode && v.Tag == "!!null":
			r.fail(v.Line, "%s is empty", short(k.Value))
		default:
			out = append(out, field{k.Value, v})
		}
		seen[k.Value] = true
	}
	return out
}

func short(s string) string {
	if len(s) > 60 {
		return fmt.Sprintf("%q…", s[:60])
	}
	return fmt.Sprintf("%q", s)
}

// text reads a field of type text.
func (r *report) text(f field) string {
	n := f.value
	switch {
	case n.Kind != yaml.ScalarNode || strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!"):
		r.fail(n.Line, "%s: want a text", f.name)
	case len(n.Value) > maxText:
		r.fail(n.Line, "%s: a text of %d bytes", f.name, len(n.Value))
	case strings.ContainsRune(n.Value, 0):
		r.fail(n.Line, "%s: a null character", f.name)
	default:
		s := strings.TrimSpace(n.Value)
		if s == "" {
			r.fail(n.Line, "%s is empty", f.name)
		}
		if n.Tag != "!!str" && n.Style == 0 && f.name != "lastmod" {
			r.warn(n.Line, "%s: %s without quotes is no text to other readers", f.name, short(s))
		}
		return s
	}
	return ""
}

// flag reads a field of type boolean, with YAML 1.1's words for it.
func (r *report) flag(f field) bool {
	n := f.value
	if n.Kind == yaml.ScalarNode && n.Style == 0 {
		switch strings.ToLower(n.Value) {
		case "true", "yes", "on":
			return true
		case "false", "no", "off":
			return false
		}
	}
	r.fail(n.Line, "%s: want true or false", f.name)
	return false
}

// list reads a field of type list of texts.
func (r *report) list(f field) (out []string) {
	if f.value.Kind != yaml.SequenceNode || len(f.value.Content) > maxList {
		r.fail(f.value.Line, "%s: want a list of at most %d", f.name, maxList)
		return nil
	}
	for _, n := range f.value.Content {
		out = append(out, r.text(field{f.name, n}))
	}
	return out
}

// date reads a field of type date or time, and keeps the day.
func (r *report) date(f field) string {
	s := r.text(f)
	day, ok := parseDay(s)
	if !ok && s != "" {
		r.fail(f.value.Line, "%s: %s is no date", f.name, short(s))
	}
	return day
}
