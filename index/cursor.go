package index

import (
	"encoding/base64"
	"encoding/json"
)

// maxCursor is the largest cursor read, in bytes.
const maxCursor = 16 << 10

// Place is where a page ended: the values of the last hit in the order of the
// plan. Its content is the engine's. Nothing in it widens what the query
// matches: the condition comes from the query alone, and the cursor is refused
// for any other.
type Place struct {
	Values []json.RawMessage
	Token  string // names what the engine keeps for the next page, if it still does
}

type cursorJSON struct {
	Hash   string            `json:"h"`
	Values []json.RawMessage `json:"v"`
	Token  string            `json:"t,omitempty"`
}

// Cursor writes the place after the last hit of a page.
func (p *Plan) Cursor(at Place) (string, error) {
	b, err := json.Marshal(cursorJSON{p.hash, at.Values, at.Token})
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(b), nil
}

// place reads a cursor and checks that it belongs to this query.
func (p *Plan) place(cursor string) (*Place, error) {
	if len(cursor) > maxCursor {
		return nil, queryError("cursor is too long")
	}
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return nil, queryError("cursor is damaged")
	}
	var c cursorJSON
	if err := json.Unmarshal(b, &c); err != nil {
		return nil, queryError("cursor is damaged")
	}
	if c.Hash != p.hash {
		return nil, queryError("the cursor belongs to another query or order")
	}
	want := len(p.Sort)
	if p.ByScore {
		want++
	}
	if len(c.Values) != want {
		return nil, queryError("cursor is damaged")
	}
	return &Place{c.Values, c.Token}, nil
}
