package main

import (
	"context"
	"fmt"
	"net/url"
	"slices"

	"tamga"
	"tamga/index"
)

// maxAlso is how many other addresses a hit lists.
const maxAlso = 20

// alsoSeen are, by digest, the addresses at which the very bytes of a hit were
// captured: one a host, in the order of the log. A mirror that serves another clock
// is not among them; `tamga mirrors --pages` compares what pages say.
func alsoSeen(ctx context.Context, store index.Store, hits []index.Hit) (map[tamga.Digest][]string, error) {
	digests := map[string]bool{}
	for _, h := range hits {
		if h.Capture != "" && h.Capture != tamga.DigestOf(nil) {
			digests[string(h.Capture)] = true
		}
	}
	if len(digests) == 0 {
		return nil, nil
	}
	var values []string
	for d := range digests {
		values = append(values, d)
	}
	slices.Sort(values)
	r, err := store.Search(ctx, index.Query{
		Where: index.Bool{Must: []index.Node{index.Term{Field: "kind", Values: []string{"capture"}}, index.Term{Field: "capture", Values: values}}},
		Sort:  []index.SortKey{{Field: "seq"}}, Size: index.MaxSize,
	})
	if err != nil {
		return nil, fmt.Errorf("search for the same bytes elsewhere: %w", err)
	}
	out, seen := map[tamga.Digest][]string{}, map[string]bool{}
	for _, h := range r.Hits {
		at, _ := h.Fields["url"].(string)
		u, err := url.Parse(at)
		if err != nil || seen[string(h.Capture)+u.Host] {
			continue
		}
		seen[string(h.Capture)+u.Host] = true
		out[h.Capture] = append(out[h.Capture], at)
	}
	return out, nil
}

// others are the addresses of a hit's bytes on other hosts than its own.
func others(h index.Hit, also map[tamga.Digest][]string) (out []string) {
	at, _ := h.Fields["url"].(string)
	own, err := url.Parse(at)
	if err != nil {
		return nil
	}
	for _, a := range also[h.Capture] {
		if u, err := url.Parse(a); err == nil && u.Host != own.Host && len(out) < maxAlso {
			out = append(out, a)
		}
	}
	return out
}
