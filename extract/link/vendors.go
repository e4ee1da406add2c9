package link

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"tamga"
)

// Vendors links the personas that may be one person, with a score of at least
// least, the surest first. Two personas of the same name on the same named market
// are one account, seen twice.
func Vendors(personas []Persona, least float64) []tamga.Link {
	c := newCollection(personas)
	c.values("pgp", func(p *Persona) []string { return p.Keys })
	c.values("mail", func(p *Persona) []string { return p.Mails })
	c.values("contact", func(p *Persona) []string { return p.Contacts })
	c.values("wallet", func(p *Persona) []string { return p.Wallets })
	c.sentences()
	c.sketches()
	c.names()
	var links []tamga.Link
	for pair, reasons := range c.found {
		if l := c.judge(pair, reasons); l.Score >= least && len(l.Reasons) > 0 {
			links = append(links, l)
		}
	}
	slices.SortFunc(links, compareLinks)
	return links
}

func compareLinks(a, b tamga.Link) int {
	party := func(x, y tamga.Party) int {
		return cmp.Or(strings.Compare(x.Name, y.Name), strings.Compare(x.Market, y.Market), strings.Compare(x.ID, y.ID))
	}
	return cmp.Or(cmp.Compare(b.Score, a.Score), party(a.A, b.A), party(a.B, b.B))
}

// pair is two personas by their place, the first one first.
type pair struct{ a, b int32 }

// subject is a persona as it is compared.
type subject struct {
	*Persona
	forms  forms
	bio    uint64 // SimHash; 0 where the bio is too short to be one
	minima minHash
}

// collection is the personas and the evidence found for pairs of them.
type collection struct {
	all   []subject
	found map[pair][]tamga.Reason
}

func newCollection(personas []Persona) *collection {
	c := &collection{all: make([]subject, len(personas)), found: map[pair][]tamga.Reason{}}
	for i := range personas {
		c.all[i] = subject{Persona: &personas[i], forms: formsOf(personas[i].Name)}
	}
	return c
}

// holding says that a persona has a value.
type holding struct {
	key uint64
	who int32
	n   int32 // what the value is worth, or its place in a list
}

// groups calls f with the holders of each value that has from 2 to limit of them.
func groups(h []holding, limit int, f func([]holding)) {
	slices.SortFunc(h, func(a, b holding) int { return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.who, b.who)) })
	h = slices.CompactFunc(h, func(a, b holding) bool { return a.key == b.key && a.who == b.who })
	for i := 0; i < len(h); {
		j := i
		for j < len(h) && h[j].key == h[i].key {
			j++
		}
		if j-i >= 2 && j-i <= limit {
			f(h[i:j])
		}
		i = j
	}
}

// pairsOf calls f with every two of a group.
func pairsOf(group []holding, f func(pair)) {
	for i, x := range group {
		for _, y := range group[i+1:] {
			f(pair{x.who, y.who})
		}
	}
}

func (c *collection) add(p pair, r tamga.Reason) { c.found[p] = append(c.found[p], r) }

// persons is the number of different names in a group: one vendor on ten markets
// is one holder of his key.
func (c *collection) persons(group []holding) int {
	seen := map[string]bool{}
	for _, h := range group {
		name := c.all[h.who].forms.skeleton
		if name == "" {
			name = fmt.Sprint(h.who)
		}
		seen[name] = true
	}
	return len(seen)
}

// values gives evidence for every two personas that share a rare value.
func (c *collection) values(kind string, of func(*Persona) []string) {
	var h []holding
	var texts []string
	for i := range c.all {
		for _, v := range of(c.all[i].Persona) {
			if v = strings.TrimSpace(v); v != "" {
				h = append(h, holding{mix(hash(hashSeed, strings.ToLower(v))), int32(i), int32(len(texts))})
				texts = append(texts, v)
			}
		}
	}
	w := weights[kind]
	groups(h, maxHolders, func(g []holding) {
		n := c.persons(g)
		if n > w.holders {
			return
		}
		weight := w.full - w.perHolder*float64(max(0, n-2))
		value := texts[g[0].n]
		pairsOf(g, func(p pair) { c.add(p, tamga.Reason{Kind: kind, Value: value, Weight: weight}) })
	})
}

// sentences gives evidence for personas that share sentences which few others have.
// Vendors copy terms and descriptions from each other, but seldom much of what they
// have: what counts is how many sentences, and what share of the longer text.
func (c *collection) sentences() {
	var h []holding
	var texts []sentence
	own := make([]int, len(c.all)) // different sentences of each
	for i := range c.all {
		seen := map[uint64]bool{}
		left := maxText
		for _, t := range append([]string{c.all[i].Bio}, c.all[i].Texts...) {
			t = t[:min(len(t), left)]
			left -= len(t)
			for _, s := range sentences(t) {
				if !seen[s.hash] {
					seen[s.hash] = true
					h = append(h, holding{s.hash, int32(i), int32(len(texts))})
					texts = append(texts, s)
				}
			}
		}
		own[i] = len(seen)
	}
	all := map[pair]*shared{}
	groups(h, maxHolders, func(g []holding) {
		n := c.persons(g)
		if n > sentenceHolders {
			return
		}
		s := texts[g[0].n]
		pairsOf(g, func(p pair) {
			if all[p] == nil {
				all[p] = &shared{}
			}
			all[p].add(s, max(1, n-1))
		})
	})
	for p, x := range all {
		value := fmt.Sprintf("%d rare sentences: %s", x.n, short(x.best.text, 80))
		if x.n == 1 {
			value = "a rare sentence: " + short(x.best.text, 80)
		}
		share := x.rare / float64(max(own[p.a], own[p.b]))
		c.add(p, tamga.Reason{Kind: "text", Value: value, Weight: math.Min(x.sum, textMost) * math.Min(1, share/textShare)})
	}
}

// shared are the sentences that two personas share.
type shared struct {
	sum, rare float64
	n         int
	best      sentence
}

// add counts a sentence that others, at least one, share with a persona. Whoever
// copies one sentence copies its neighbours: each further one says less.
func (x *shared) add(s sentence, others int) {
	x.sum += math.Min(sentenceNats*float64(s.words), sentenceMost) / float64(others) / (1 + float64(x.n)/sentenceDecay)
	x.rare += 1 / float64(others)
	x.n++
	if s.words > x.best.words || s.words == x.best.words && s.text < x.best.text {
		x.best = s
	}
}

func short(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

// sketches gives evidence for personas whose bios or whole texts are near-duplicates.
func (c *collection) sketches() {
	var near, sets []holding
	for i := range c.all {
		s := &c.all[i]
		if w := words(clip(s.Bio)); len(w) >= bioWords {
			s.bio = simHash(shingles(w, 3))
			for _, k := range quarters(s.bio) {
				near = append(near, holding{k, int32(i), 0})
			}
		}
		if w := words(clip(s.Bio + "\n" + strings.Join(s.Texts, "\n"))); len(w) >= textWords {
			s.minima = newMinHash(shingles(w, 4))
			for _, k := range bandKeys(s.minima) {
				sets = append(sets, holding{k, int32(i), 0})
			}
		}
	}
	done := map[pair]bool{}
	groups(near, maxHolders, func(g []holding) {
		pairsOf(g, func(p pair) {
			d := Distance(c.all[p.a].bio, c.all[p.b].bio)
			if d <= nearBits && !done[p] {
				done[p] = true
				c.add(p, tamga.Reason{Kind: "bio", Value: fmt.Sprintf("%d of 64 bits differ", d), Weight: bioNats - float64(d)})
			}
		})
	})
	clear(done)
	groups(sets, maxHolders, func(g []holding) {
		pairsOf(g, func(p pair) {
			j := likeness(c.all[p.a].minima, c.all[p.b].minima)
			if j >= leastLikeness && !done[p] {
				done[p] = true
				c.add(p, tamga.Reason{Kind: "likeness", Value: fmt.Sprintf("%.2f of the text", j), Weight: likenessNats * j})
			}
		})
	})
}

// names gives evidence for personas of the same or nearly the same name.
func (c *collection) names() {
	var h []holding
	for i := range c.all {
		f := &c.all[i].forms
		for _, k := range nameKeys(f) {
			h = append(h, holding{k, int32(i), 0})
		}
	}
	done := map[pair]bool{}
	groups(h, maxHolders, func(g []holding) {
		pairsOf(g, func(p pair) {
			if done[p] {
				return
			}
			done[p] = true
			if r, ok := c.nameReason(p); ok {
				c.add(p, r)
			}
		})
	})
}

func (c *collection) nameReason(p pair) (tamga.Reason, bool) {
	a, b := &c.all[p.a], &c.all[p.b]
	share, how := alike(&a.forms, &b.forms)
	if share == 0 {
		return tamga.Reason{}, false
	}
	r := tamga.Reason{Kind: "name", Value: how, Weight: share * math.Min(information(a.forms.plain), information(b.forms.plain))}
	if a.Market != "" && a.Market == b.Market {
		if a.Name == b.Name {
			return tamga.Reason{Kind: "account", Value: a.Name, Weight: accountNats}, true
		}
		r.Weight *= oneMarket
	}
	return r, true
}

// nameKeys are the keys under which a name is found: its forms, and for a longer
// one itself with each letter left out, which is what two names share that are one
// edit apart.
func nameKeys(f *forms) []uint64 {
	if f.exact == "" {
		return nil
	}
	key := func(kind, s string) uint64 { return mix(hash(hash(hashSeed, kind), s)) }
	keys := []uint64{key("exact", f.exact)}
	if f.plain != "" {
		keys = append(keys, key("plain", f.plain))
	}
	s := []rune(f.skeleton)
	if len(s) > 0 {
		keys = append(keys, key("skeleton", f.skeleton))
	}
	if len(s) >= 6 {
		keys = append(keys, key("less", f.skeleton))
		for i := range s {
			keys = append(keys, key("less", string(s[:i])+string(s[i+1:])))
		}
	}
	return keys
}
