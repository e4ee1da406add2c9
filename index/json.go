package index

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// MarshalNode writes a condition as JSON: an object of one key, which is the kind
// of the condition in lower case: {"term":{"field":"market","values":["demo"]}}.
func MarshalNode(n Node) ([]byte, error) {
	wrap := func(name string, v any) ([]byte, error) { return json.Marshal(map[string]any{name: v}) }
	switch n := n.(type) {
	case nil, All:
		return []byte(`{"all":{}}`), nil
	case None:
		return []byte(`{"none":{}}`), nil
	case Text:
		return wrap("text", n)
	case Phrase:
		return wrap("phrase", n)
	case Term:
		return wrap("term", n)
	case Range:
		return wrap("range", n)
	case Prefix:
		return wrap("prefix", n)
	case Exists:
		return wrap("exists", n)
	case Bool:
		var b rawBool
		b.MinShould = n.MinShould
		for _, part := range []struct {
			nodes []Node
			out   *[]json.RawMessage
		}{{n.Must, &b.Must}, {n.Should, &b.Should}, {n.Not, &b.Not}} {
			for _, x := range part.nodes {
				raw, err := MarshalNode(x)
				if err != nil {
					return nil, err
				}
				*part.out = append(*part.out, raw)
			}
		}
		return wrap("bool", b)
	}
	return nil, queryError("unknown condition %T", n)
}

func mustMarshalNode(n Node) json.RawMessage {
	b, err := MarshalNode(n)
	if err != nil {
		return json.RawMessage(`null`)
	}
	return b
}

type rawBool struct {
	Must      []json.RawMessage `json:"must,omitempty"`
	Should    []json.RawMessage `json:"should,omitempty"`
	Not       []json.RawMessage `json:"not,omitempty"`
	MinShould int               `json:"min_should,omitempty"`
}

// UnmarshalNode reads what MarshalNode writes. It refuses unknown keys and
// nesting deeper than a query may have; its error is ErrQuery.
func UnmarshalNode(data []byte) (Node, error) { return unmarshalNode(data, 1) }

func unmarshalNode(data []byte, depth int) (Node, error) {
	if depth > maxDepth {
		return nil, errDeep
	}
	var one map[string]json.RawMessage
	if err := json.Unmarshal(data, &one); err != nil {
		return nil, queryError("condition: %v", err)
	}
	if one == nil { // null
		return All{}, nil
	}
	if len(one) != 1 {
		return nil, queryError("condition with %d keys: want one, as {\"term\":{…}}", len(one))
	}
	for name, raw := range one {
		switch name {
		case "all":
			return All{}, nil
		case "none":
			return None{}, nil
		case "text":
			return strict[Text](raw)
		case "phrase":
			return strict[Phrase](raw)
		case "term":
			return strict[Term](raw)
		case "range":
			return strict[Range](raw)
		case "prefix":
			return strict[Prefix](raw)
		case "exists":
			return strict[Exists](raw)
		case "bool":
			return unmarshalBool(raw, depth)
		default:
			return nil, queryError("unknown condition %.40q", name)
		}
	}
	return nil, queryError("empty condition")
}

func strict[T Node](raw json.RawMessage) (Node, error) {
	var v T
	if err := decodeStrict(raw, &v); err != nil {
		return nil, err
	}
	return v, nil
}

func decodeStrict(raw []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return fmt.Errorf("%w: %w", ErrQuery, err)
	}
	return nil
}

func unmarshalBool(raw json.RawMessage, depth int) (Node, error) {
	var b rawBool
	if err := decodeStrict(raw, &b); err != nil {
		return nil, err
	}
	n := Bool{MinShould: b.MinShould}
	for _, part := range []struct {
		raw []json.RawMessage
		out *[]Node
	}{{b.Must, &n.Must}, {b.Should, &n.Should}, {b.Not, &n.Not}} {
		if len(part.raw) > maxNodes {
			return nil, queryError("more than %d conditions", maxNodes)
		}
		for _, r := range part.raw {
			x, err := unmarshalNode(r, depth+1)
			if err != nil {
				return nil, err
			}
			*part.out = append(*part.out, x)
		}
	}
	return n, nil
}

// MarshalJSON writes the query with its condition as MarshalNode does.
func (q Query) MarshalJSON() ([]byte, error) {
	type plain Query
	where, err := MarshalNode(q.Where)
	if err != nil {
		return nil, err
	}
	return json.Marshal(struct {
		Where json.RawMessage `json:"where"`
		plain
	}{where, plain(q)})
}

// UnmarshalJSON reads what MarshalJSON writes; an absent condition is All.
func (q *Query) UnmarshalJSON(data []byte) error {
	var raw struct {
		Where     json.RawMessage `json:"where"`
		Sort      []SortKey       `json:"sort"`
		Facets    []Facet         `json:"facets"`
		Histogram *Histogram      `json:"histogram"`
		Size      int             `json:"size"`
		Cursor    string          `json:"cursor"`
		Highlight bool            `json:"highlight"`
	}
	if err := decodeStrict(data, &raw); err != nil {
		return err
	}
	*q = Query{nil, raw.Sort, raw.Facets, raw.Histogram, raw.Size, raw.Cursor, raw.Highlight}
	if len(raw.Where) == 0 {
		q.Where = All{}
		return nil
	}
	var err error
	q.Where, err = UnmarshalNode(raw.Where)
	return err
}
