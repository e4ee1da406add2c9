package tagger

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf8"
)

// Annotated is a text with the spans that people marked in it, in bytes.
type Annotated struct {
	Text  string
	Spans []Span
}

// maxLine is the longest line of an annotated set, in bytes.
const maxLine = 1 << 22

// ReadAnnotated reads JSON Lines as the annotation tool Prodigy writes them:
// text, and spans with start, end and label, counted in characters. Labels
// other than DRUG and QUANTITY are passed over, and so are rejected texts.
func ReadAnnotated(r io.Reader) ([]Annotated, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	var out []Annotated
	for n := 1; lines.Scan(); n++ {
		var row struct {
			Text   string
			Answer string
			Spans  []struct {
				Start, End int
				Label      string
			}
		}
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if row.Answer != "" && row.Answer != "accept" {
			continue
		}
		at := make([]int, 0, utf8.RuneCountInString(row.Text)+1)
		for i := range row.Text {
			at = append(at, i)
		}
		at = append(at, len(row.Text))
		x := Annotated{Text: row.Text}
		for _, s := range row.Spans {
			kind, ok := map[string]Kind{"DRUG": Drug, "QUANTITY": Quantity}[s.Label]
			if !ok {
				continue
			}
			if s.Start < 0 || s.End <= s.Start || s.End > len(at)-1 {
				return nil, fmt.Errorf("line %d: span %d to %d of %d characters", n, s.Start, s.End, len(at)-1)
			}
			x.Spans = append(x.Spans, Span{Start: at[s.Start], End: at[s.End], Kind: kind})
		}
		out = append(out, x)
	}
	return out, lines.Err()
}
