package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/mail"
	"net/url"
	"slices"
	"strings"

	"tamga"
	"tamga/extract"
	"tamga/extract/link"
	"tamga/index"
)

// Personas are the vendors and authors of the index with what is known of each: a
// name on one market, or on one host where no profile names the market.
func Personas(ctx context.Context, store index.Store) ([]link.Persona, error) {
	by := map[[2]string]*link.Persona{}
	var order [][2]string
	q := index.Query{Size: 1000, Sort: []index.SortKey{{Field: "id"}},
		Where: index.Term{Field: "kind", Values: []string{"vendor", "listing", "post"}}}
	for {
		r, err := store.Search(ctx, q)
		if err != nil {
			return nil, fmt.Errorf("read vendors of the index: %w", err)
		}
		for _, h := range r.Hits {
			name := first(h.Fields, "vendor", "author")
			if name == "" {
				continue
			}
			key := [2]string{place(h.Fields), name}
			p := by[key]
			if p == nil {
				p = &link.Persona{Market: key[0], Name: name}
				by[key] = p
				order = append(order, key)
			}
			if h.Kind == "vendor" {
				p.Bio = first(h.Fields, "text")
			} else {
				p.Texts = append(p.Texts, first(h.Fields, "title")+"\n"+first(h.Fields, "text"))
			}
			p.Keys = union(p.Keys, list(h.Fields["pgp"]))
			p.Mails = union(p.Mails, list(h.Fields["email"]))
			p.Wallets = union(p.Wallets, list(h.Fields["address"]))
			for _, f := range []string{"handle", "phone", "account"} {
				p.Contacts = union(p.Contacts, list(h.Fields[f]))
			}
		}
		if r.Cursor == "" || len(r.Hits) == 0 {
			break
		}
		q.Cursor = r.Cursor
	}
	out := make([]link.Persona, len(order))
	for i, k := range order {
		out[i] = *by[k]
	}
	return out, nil
}

// place is the market of a document, or the host where it has none.
func place(f map[string]any) string {
	if m := first(f, "market"); m != "" {
		return m
	}
	if u, err := url.Parse(first(f, "url")); err == nil && u.Host != "" {
		return u.Host
	}
	return first(f, "source")
}

// first is the first text that one of the fields holds.
func first(f map[string]any, names ...string) string {
	for _, n := range names {
		if v := list(f[n]); len(v) > 0 {
			return v[0]
		}
	}
	return ""
}

// list is a field as texts: one, or several.
func list(v any) []string {
	switch v := v.(type) {
	case string:
		if v != "" {
			return []string{v}
		}
	case []string:
		return v
	case []any:
		var out []string
		for _, x := range v {
			out = append(out, list(x)...)
		}
		return out
	}
	return nil
}

func union(a, b []string) []string {
	for _, v := range b {
		if v = strings.TrimSpace(v); v != "" && !slices.Contains(a, v) {
			a = append(a, v)
		}
	}
	return a
}

// surest is the least confidence of a finding that links people.
const surest = 0.6

// ReadPersona fills in what the texts of a persona say: keys, contacts and wallets
// in keys, the bio and the listings.
func ReadPersona(r *extract.Reader, p *link.Persona, armour []string) {
	for _, a := range armour {
		if !readText(r, p, a) {
			p.Keys = union(p.Keys, []string{keyDigest(a)})
		}
	}
	readText(r, p, p.Bio)
	for _, t := range p.Texts {
		readText(r, p, t)
	}
}

// readText tells whether the text held a key.
func readText(r *extract.Reader, p *link.Persona, text string) (key bool) {
	findings, _ := r.Text(text)
	for _, f := range findings {
		if !f.Valid && f.Type == tamga.FindPGP || f.Confidence < surest {
			continue
		}
		v := []string{f.Value}
		switch f.Type {
		case tamga.FindPGP:
			p.Keys = union(p.Keys, v)
			for _, id := range f.UserIDs {
				if a, err := mail.ParseAddress(id); err == nil {
					p.Mails = union(p.Mails, []string{strings.ToLower(a.Address)})
				}
			}
			key = true
		case tamga.FindEmail:
			p.Mails = union(p.Mails, v)
		case tamga.FindAddress:
			p.Wallets = union(p.Wallets, v)
		case tamga.FindHandle, tamga.FindAccount:
			p.Contacts = union(p.Contacts, []string{strings.TrimPrefix(f.Service+":", ":") + f.Value})
		case tamga.FindPhone:
			p.Contacts = union(p.Contacts, v)
		}
	}
	return key
}

// keyDigest stands for a key that is not armoured: its fingerprint in capitals
// where it looks like one, else the digest of its letters without line breaks.
func keyDigest(s string) string {
	bare := strings.ToUpper(strings.Join(strings.Fields(strings.TrimPrefix(s, "0x")), ""))
	if _, err := hex.DecodeString(bare); err == nil && len(bare) >= 16 && len(bare) <= 64 {
		return bare
	}
	var letters strings.Builder
	for _, line := range strings.Fields(s) {
		if _, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(line, "=")); err == nil {
			letters.WriteString(line)
		}
	}
	if letters.Len() < 64 {
		return "" // not a key
	}
	sum := sha256.Sum256([]byte(letters.String()))
	return "sha256:" + hex.EncodeToString(sum[:])
}
