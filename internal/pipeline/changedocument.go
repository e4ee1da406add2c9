package pipeline

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"tamga"
	"tamga/index"
)

// KindChange is the kind of the documents of changes.
const KindChange = "change"

// changeDocument is what the index holds of a change: it is found by what was and
// what is, and by its subject.
func changeDocument(x *tamga.Change) index.Document {
	f := fields{
		"seq": x.Is.Seq, "title": x.Subject, "url": x.URL, "change": x.Kind, "record": x.Record,
		"captured": x.Is.Time.UTC().Format(time.RFC3339), "day": x.Is.Time.UTC().Format(time.DateOnly),
		"was": x.Was, "is": x.Is, "confidence": x.Confidence, "rule": x.Rule,
	}
	f.str("source", x.Source)
	f.str("market", x.Market)
	if x.Record != "post" {
		f.str("vendor", x.Vendor)
	} else {
		f.str("author", x.Vendor)
	}
	f.str("field", x.Field)
	f.list("before", x.From)
	f.list("after", x.To)
	if len(x.Reasons) > 0 {
		f["reasons"] = x.Reasons
	}
	f.str("text", strings.TrimSpace(x.Field+" "+strings.Join(x.From, ", ")+" → "+strings.Join(x.To, ", ")))
	switch x.Field {
	case "address", "pgp", "email", "phone":
		f.list(x.Field, union(append([]string(nil), x.From...), x.To))
	case "handle", "account":
		var bare []string
		for _, v := range union(append([]string(nil), x.From...), x.To) {
			_, name, ok := strings.Cut(v, ":")
			if !ok {
				name = v
			}
			bare = append(bare, name)
		}
		f.list(x.Field, bare)
	}
	return index.Document{ID: KindChange + ":" + x.ID, Kind: KindChange, Capture: x.Is.Capture, Seq: x.Is.Seq, Fields: f}
}

// ChangeOf is the change that a document holds.
func ChangeOf(h index.Hit) (x tamga.Change, err error) {
	data, err := json.Marshal(h.Fields)
	if err != nil {
		return x, err
	}
	var f struct {
		tamga.Change
		Title  string   `json:"title"`
		Author string   `json:"author"`
		Before []string `json:"before"`
		After  []string `json:"after"`
	}
	if err := json.Unmarshal(data, &f); err != nil {
		return x, fmt.Errorf("read %s: %w", h.ID, err)
	}
	x = f.Change
	x.ID, x.Subject, x.From, x.To = strings.TrimPrefix(h.ID, KindChange+":"), f.Title, f.Before, f.After
	if f.Author != "" {
		x.Vendor = f.Author
	}
	return x, nil
}
