package tags

import (
	"encoding/json"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"tamga"
)

// context reads the field in which a creator says more, in no fixed form: a text,
// as it stands, or a mapping, as JSON.
func (r *report) context(f field) string {
	if f.value.Kind == yaml.ScalarNode {
		return r.text(f)
	}
	b, err := json.Marshal(r.plain(f, f.value, 0))
	if err != nil || len(b) > maxText {
		r.fail(f.value.Line, "%s: %d bytes", f.name, len(b))
		return ""
	}
	return string(b)
}

// maxDepth bounds the nesting of a context.
const maxDepth = 16

// plain is a YAML value as JSON has it.
func (r *report) plain(f field, n *yaml.Node, depth int) any {
	if depth > maxDepth || n.Kind == yaml.AliasNode {
		r.fail(n.Line, "%s: nested too deep, or an alias", f.name)
		return nil
	}
	switch n.Kind {
	case yaml.MappingNode:
		m := make(map[string]any, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			m[n.Content[i].Value] = r.plain(f, n.Content[i+1], depth+1)
		}
		return m
	case yaml.SequenceNode:
		list := make([]any, 0, len(n.Content))
		for _, x := range n.Content {
			list = append(list, r.plain(f, x, depth+1))
		}
		return list
	}
	switch n.Tag {
	case "!!null":
		return nil
	case "!!bool":
		return strings.EqualFold(n.Value, "true")
	case "!!int", "!!float":
		if v := json.Number(n.Value); json.Valid([]byte(v)) {
			return v
		}
	}
	return n.Value
}

// own is what a TagPack has no field for, kept in the context of a tag under the
// key "tamga": concepts that only INTERPOL's taxonomy has, a confidence between two
// levels, the bytes of a captured page behind the tag.
type own struct {
	Category   string      `json:"category,omitempty"`
	Abuse      string      `json:"abuse,omitempty"`
	Concepts   []string    `json:"concepts,omitempty"`
	Confidence *int        `json:"confidence,omitempty"`
	Span       *tamga.Span `json:"span,omitempty"`
}

func (o own) empty() bool {
	return o.Category == "" && o.Abuse == "" && o.Concepts == nil && o.Confidence == nil && o.Span == nil
}

// ownKey is where own stands in a context.
const ownKey = "tamga"

// contextOf adds own to the context of a tag. A context that is no JSON object
// becomes the text of one.
func contextOf(t tamga.Tag, o own) (string, error) {
	if o.empty() {
		return t.Context, nil
	}
	m := map[string]any{}
	if t.Context != "" && json.Unmarshal([]byte(t.Context), &m) != nil {
		m = map[string]any{"text": t.Context}
	}
	m[ownKey] = o
	b, err := json.Marshal(m)
	return string(b), err
}

// restore takes what own says of a tag back out of its context. The bytes behind
// it stay there: they are of a capture of somebody else's archive. What does not
// agree with the fields of the tag is left alone.
func restore(t *tamga.Tag) {
	if !strings.Contains(t.Context, `"`+ownKey+`"`) {
		return
	}
	var m map[string]json.RawMessage
	var o own
	if json.Unmarshal([]byte(t.Context), &m) != nil || json.Unmarshal(m[ownKey], &o) != nil {
		return
	}
	for _, c := range []struct {
		id   *string
		from string
	}{{&t.Category, o.Category}, {&t.Abuse, o.Abuse}} {
		if Known(c.from) && packConcept(c.from) == *c.id {
			*c.id = c.from
		}
	}
	if !slices.ContainsFunc(o.Concepts, func(c string) bool { return !Known(c) }) && slices.Equal(packConcepts(o.Concepts), t.Concepts) {
		t.Concepts = o.Concepts
	}
	if v := o.Confidence; v != nil && *v >= 0 && *v <= 100 {
		if level, _ := Confidence(confidenceID(*v)); level == t.Confidence {
			t.Confidence = *v
		}
	}
	delete(m, ownKey)
	if o.Span != nil {
		m[ownKey], _ = json.Marshal(own{Span: o.Span}) // of plain fields
	}
	t.Context = ""
	if text, only := m["text"]; only && len(m) == 1 && json.Unmarshal(text, &t.Context) == nil {
		return
	}
	if len(m) > 0 {
		b, _ := json.Marshal(m) // of JSON values
		t.Context = string(b)
	}
}
