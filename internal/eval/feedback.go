package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"strings"

	"tamga"
	"tamga/extract"
)

// feedback holds the ratings read from the listing pages of unseen vendors against
// those that another reader of the same pages found.
func feedback(t *table) error {
	right, n, whole, pages := 0, 0, 0, 0
	err := t.lines("agora/items_2014-04-06.jsonl", func(raw []byte) error {
		var want struct {
			ID, Vendor string
			Feedback   [][]string // the first ones
			Number     int        `json:"n_feedback"`
		}
		if err := json.Unmarshal(raw, &want); err != nil || len(want.Feedback) == 0 || !setAside(want.Vendor) {
			return err
		}
		body, err := os.ReadFile(t.path("agora/mirror/p/" + want.ID))
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		} else if err != nil {
			return err
		}
		p, err := t.reader.Page(extract.Input{URL: "http://127.0.0.1/p/" + want.ID, Body: body, Profile: "agora"})
		if err != nil {
			return err
		}
		var got []tamga.Feedback
		if len(p.Listings) > 0 {
			got = p.Listings[0].Feedback
		}
		if pages++; len(got) == want.Number {
			whole++
		}
		n += len(want.Feedback)
		for i, w := range want.Feedback {
			if i < len(got) && len(w) > 2 && got[i].Rating == w[0] && got[i].Text == strings.Join(strings.Fields(w[1]), " ") && got[i].Date == w[2] {
				right++
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	t.add("feedback read", "Agora, unseen vendors", right, n, 0.99)
	t.add("feedback of a page, all of it and no more", "Agora, unseen vendors", whole, pages, 0.99)
	return nil
}
