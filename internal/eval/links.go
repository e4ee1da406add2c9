package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"tamga"
	"tamga/extract/link"
)

// links holds the links between personas against three truths. Text: each vendor
// of a market is cut in two, half of his sentences and listings on "one market",
// half on "another", without name or key. Names: the vendors of one market and
// those of another that are known to be on both. Keys: each key that a vendor had
// over time as a persona of its own, without the name.
func links(t *table) error {
	for _, part := range []func(*table) error{textLinks, nameLinks, keyLinks} {
		if err := part(t); err != nil {
			return err
		}
	}
	return nil
}

// score counts links: right says whether two names are one person.
func (t *table) score(set string, found []tamga.Link, pairs int, counts func(tamga.Link) bool, right func(a, b string) bool, want, recall float64) {
	hits, n := 0, 0
	for _, l := range found {
		if !counts(l) {
			continue
		}
		n++
		if right(l.A.ID, l.B.ID) {
			hits++
		} else if os.Getenv("TAMGA_EVAL_SHOW") != "" {
			fmt.Fprintf(os.Stderr, "links: %s: %s and %s are linked: %.4f %+v\n", set, l.A.ID, l.B.ID, l.Score, l.Reasons)
		}
	}
	t.add("vendor links, precision", set, hits, n, want)
	t.add("vendor links, recall", set, hits, pairs, recall)
}

func textLinks(t *table) error {
	type vendor struct{ halves [2]link.Persona }
	vendors := map[string]*vendor{}
	var order []string
	get := func(name string) *vendor {
		v := vendors[name]
		if v == nil {
			v = &vendor{}
			for i := range v.halves {
				v.halves[i].ID, v.halves[i].Market = name, fmt.Sprint("market ", i)
			}
			vendors[name] = v
			order = append(order, name)
		}
		return v
	}
	err := t.lines("agora/vendors_2014-04-06.jsonl", func(raw []byte) error {
		var r struct{ Vendor, Bio string }
		if err := json.Unmarshal(raw, &r); err != nil {
			return err
		}
		v := get(r.Vendor)
		for i, line := range strings.Split(r.Bio, "\n") {
			v.halves[i%2].Bio += line + "\n"
		}
		return nil
	})
	if err != nil {
		return err
	}
	i := 0
	err = t.lines("agora/items_2014-04-06.jsonl", func(raw []byte) error {
		var r struct{ Vendor, Title, Description string }
		if err := json.Unmarshal(raw, &r); err != nil {
			return err
		}
		v := get(r.Vendor)
		v.halves[i%2].Texts = append(v.halves[i%2].Texts, r.Title+"\n"+r.Description)
		i++
		return nil
	})
	if err != nil {
		return err
	}
	var all []link.Persona
	pairs, trained := 0, 0
	for _, name := range order {
		if setAside(name) {
			pairs++
		} else {
			trained++
		}
		all = append(all, vendors[name].halves[:]...)
	}
	found := link.Vendors(all, link.Same)
	same := func(a, b string) bool { return a == b }
	if os.Getenv("TAMGA_EVAL_TRAINING") != "" {
		t.score("text alone, training vendors", found, trained, func(l tamga.Link) bool { return !setAside(l.A.ID) && !setAside(l.B.ID) }, same, 0.99, 0)
	}
	t.score("text alone, unseen vendors", found, pairs, func(l tamga.Link) bool { return setAside(l.A.ID) || setAside(l.B.ID) }, same, 0.99, 0.4)
	return nil
}

func nameLinks(t *table) error {
	rows, col, err := t.csv("agora/vendor_market_overlap.csv")
	if err != nil {
		return err
	}
	var all []link.Persona
	pairs := 0
	for _, r := range rows {
		name := r[0]
		all = append(all, link.Persona{ID: name, Name: name, Market: "agora"})
		for _, m := range []string{"exact_Evo", "exact_SR", "exact_c9"} {
			if strings.HasPrefix(r[col[m]], "1") {
				all = append(all, link.Persona{ID: name, Name: name, Market: m})
			}
		}
	}
	on := map[string]int{}
	for _, p := range all {
		on[p.ID]++
	}
	for name, n := range on {
		if setAside(name) {
			pairs += n * (n - 1) / 2
		}
	}
	found := link.Vendors(all, link.Same)
	t.score("names on four markets, unseen vendors", found, pairs, func(l tamga.Link) bool { return setAside(l.A.ID) || setAside(l.B.ID) },
		func(a, b string) bool { return a == b }, 0.99, 0.8)
	return nil
}

func keyLinks(t *table) error {
	rows, col, err := t.csv("agora/vendor_pgp_keys.csv")
	if err != nil {
		return err
	}
	var all []link.Persona
	owners := map[string][]string{} // vendors by fingerprint
	keys := map[string][]string{}
	for i, r := range rows {
		name := r[col["vendor"]]
		p := link.Persona{ID: fmt.Sprint(i, " ", name), Market: fmt.Sprint("snapshot ", i)}
		findings, _ := t.reader.Text(r[col["public_key"]])
		for _, x := range findings {
			switch x.Type {
			case tamga.FindPGP:
				if x.Valid {
					p.Keys = append(p.Keys, x.Value)
					owners[x.Value] = append(owners[x.Value], name)
				}
			case tamga.FindEmail:
				p.Mails = append(p.Mails, x.Value)
			}
		}
		keys[name] = append(keys[name], p.Keys...)
		all = append(all, p)
	}
	// Truth: one name, or names that had one key.
	right := func(a, b string) bool {
		_, a, _ = strings.Cut(a, " ")
		_, b, _ = strings.Cut(b, " ")
		if a == b {
			return true
		}
		for _, k := range keys[a] {
			for _, o := range owners[k] {
				if o == b {
					return true
				}
			}
		}
		return false
	}
	pairs := 0
	for i := range all {
		for j := range i {
			if right(all[i].ID, all[j].ID) {
				pairs++
			}
		}
	}
	t.score("keys over time, without names", link.Vendors(all, link.Same), pairs, func(tamga.Link) bool { return true }, right, 0.99, 0)
	return nil
}

// lines calls f with each line of a file of the real data.
func (t *table) lines(name string, f func([]byte) error) error {
	file, err := t.open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	scan := bufio.NewScanner(file)
	scan.Buffer(nil, 16<<20)
	for scan.Scan() {
		if err := f(scan.Bytes()); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return scan.Err()
}
