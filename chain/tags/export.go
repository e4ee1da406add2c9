package tags

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"tamga"
)

// assetOf is the currency of a chain's own coin, as TagPacks call it.
var assetOf = map[string]string{
	"bitcoin": "BTC", "litecoin": "LTC", "dogecoin": "DOGE", "dash": "DASH", "zcash": "ZEC", "bitcoin-cash": "BCH",
	"ethereum": "ETH", "tron": "TRX", "monero": "XMR", "ton": "TON", "solana": "SOL", "ripple": "XRP",
}

// packTag is a tag as a TagPack has it, its fields in the usual order.
type packTag struct {
	Address        quoted   `yaml:"address,omitempty"`
	TxHash         quoted   `yaml:"tx_hash,omitempty"`
	Label          quoted   `yaml:"label"`
	Source         quoted   `yaml:"source"`
	Currency       quoted   `yaml:"currency"`
	Network        quoted   `yaml:"network"`
	Category       string   `yaml:"category,omitempty"`
	Abuse          string   `yaml:"abuse,omitempty"`
	Concepts       []string `yaml:"concepts,omitempty"`
	Actor          quoted   `yaml:"actor,omitempty"`
	Confidence     string   `yaml:"confidence"`
	ClusterDefiner bool     `yaml:"is_cluster_definer"`
	LastMod        dayNode  `yaml:"lastmod,omitempty"`
	Type           string   `yaml:"tag_type,omitempty"`
	Context        quoted   `yaml:"context,omitempty"`
}

// key is what GraphSense's store tells tags of a pack by.
func (p packTag) key() [4]string {
	return [4]string{strings.ToLower(string(p.Address)) + string(p.TxHash), string(p.Network), string(p.Label), string(p.Source)}
}

// dayNode writes a date without quotes, which TagPacks want.
type dayNode string

func (d dayNode) IsZero() bool { return d == "" }

func (d dayNode) MarshalYAML() (any, error) {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!timestamp", Value: string(d)}, nil
}

// quoted is a text that stands in quotes: readers of YAML 1.1 and 1.2 do not agree
// on what else is a number, a date or a yes.
type quoted string

func (q quoted) MarshalYAML() (any, error) {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Style: yaml.DoubleQuotedStyle, Value: string(q)}, nil
}

func (q quoted) IsZero() bool { return q == "" }

// Write writes tags as a TagPack of GraphSense's form, in a fixed order. Tags that
// a TagPack cannot say (no address, no asset) are counted in left. What a TagPack
// has no field for stands in the context: the confidence where it is between two
// levels, concepts of INTERPOL's taxonomy alone, the capture behind a tag.
func Write(w io.Writer, title, creator string, all []tamga.Tag) (left int, err error) {
	pack := struct {
		Title   quoted    `yaml:"title"`
		Creator quoted    `yaml:"creator"`
		Tags    []packTag `yaml:"tags"`
	}{Title: quoted(title), Creator: quoted(creator), Tags: []packTag{}}
	all = slices.Clone(all)
	slices.SortStableFunc(all, compare)
	seen := map[[4]string]bool{}
	for _, t := range all {
		p, ok := packOf(t)
		// GraphSense keeps one tag of a label and source on a network; another asset
		// of it then stands under its own name, as it does where no network is given.
		if ok && seen[p.key()] {
			p.Network = p.Currency
		}
		if !ok || seen[p.key()] {
			left++
			continue
		}
		seen[p.key()] = true
		pack.Tags = append(pack.Tags, p)
	}
	e := yaml.NewEncoder(w)
	e.SetIndent(2)
	if err := e.Encode(pack); err != nil {
		return left, fmt.Errorf("write TagPack: %w", err)
	}
	return left, e.Close()
}

// WriteActors writes actors as an actor pack of GraphSense's form. Those that it
// cannot say (no URI) are counted in left. Every actor there has a date: today's,
// YYYY-MM-DD, where its own is not known.
func WriteActors(w io.Writer, title, creator, today string, all []Actor) (left int, err error) {
	type actor struct {
		ID            quoted   `yaml:"id"`
		Label         quoted   `yaml:"label"`
		URI           quoted   `yaml:"uri"`
		LastMod       dayNode  `yaml:"lastmod"`
		Categories    []string `yaml:"categories"`
		Jurisdictions []quoted `yaml:"jurisdictions"`
		Context       quoted   `yaml:"context,omitempty"`
	}
	pack := struct {
		Title   quoted  `yaml:"title"`
		Creator quoted  `yaml:"creator"`
		Actors  []actor `yaml:"actors"`
	}{quoted(title), quoted(creator), []actor{}}
	for _, a := range all {
		if a.URI == "" {
			left++
			continue
		}
		x := actor{
			ID: quoted(a.ID), Label: quoted(a.Label), URI: quoted(a.URI), LastMod: dayNode(cmp.Or(a.Date, today)),
			Categories: packConcepts(a.Categories), Jurisdictions: []quoted{},
		}
		for _, j := range a.Jurisdictions {
			x.Jurisdictions = append(x.Jurisdictions, quoted(j))
		}
		if x.Context, err = a.context(); err != nil {
			return left, fmt.Errorf("write actor pack: %s: %w", a.ID, err)
		}
		pack.Actors = append(pack.Actors, x)
	}
	e := yaml.NewEncoder(w)
	e.SetIndent(2)
	if err := e.Encode(pack); err != nil {
		return left, fmt.Errorf("write actor pack: %w", err)
	}
	return left, e.Close()
}

// context is what an actor pack has no field for, as JSON: the other names of the
// actor, its legal name, and what the pack it came from said.
func (a Actor) context() (quoted, error) {
	m := map[string]any{}
	if a.Context != "" && json.Unmarshal([]byte(a.Context), &m) != nil {
		m = map[string]any{"text": a.Context}
	}
	aliases := slices.Clone(a.Aliases)
	// GraphSense's tools know an actor by the letters and digits of its id.
	if plain := plainID(a.ID); plain != a.ID && !slices.Contains(aliases, plain) {
		aliases = append(aliases, plain)
	}
	if len(aliases) > 0 {
		m["aliases"] = aliases
	}
	if a.LegalName != "" {
		m["legal_name"] = a.LegalName
	}
	if len(m) == 0 {
		return "", nil
	}
	b, err := json.Marshal(m)
	return quoted(b), err
}

// plainID is an id without all that is no letter of the Latin alphabet or digit.
func plainID(id string) string {
	return strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			return c
		}
		return -1
	}, strings.ToLower(strings.TrimSpace(id)))
}

func packOf(t tamga.Tag) (packTag, bool) {
	p := packTag{
		Address: quoted(t.Address), TxHash: quoted(t.TxID), Label: quoted(t.Label), Source: quoted(t.Source),
		Currency: quoted(cmp.Or(t.Asset, assetOf[t.Chain])), Network: quoted(networkOf(t)),
		Category: packConcept(t.Category), Abuse: packConcept(t.Abuse), Actor: quoted(t.Actor),
		Confidence: confidenceID(t.Confidence), ClusterDefiner: t.ClusterDefiner, LastMod: dayNode(t.Date), Type: t.Type,
	}
	var o own
	p.Concepts = packConcepts(t.Concepts)
	if p.Category != t.Category {
		o.Category = t.Category
	}
	if p.Abuse != t.Abuse {
		o.Abuse = t.Abuse
	}
	if !slices.Equal(p.Concepts, t.Concepts) {
		o.Concepts = t.Concepts
	}
	if v, _ := Confidence(p.Confidence); v != t.Confidence {
		o.Confidence = &t.Confidence
	}
	o.Span = t.Span
	context, err := contextOf(t, o)
	if err != nil {
		return p, false
	}
	p.Context = quoted(context)
	return p, p.Currency != "" && (p.Address != "" || p.TxHash != "") && p.Label != "" && p.Source != ""
}

// networkOf is the network of a tag, as TagPacks call it: that of its own coin
// where the asset is one (BSC keeps apart from ETH), else of its ledger's.
func networkOf(t tamga.Tag) string {
	if t.Asset != "" && ledgers[t.Asset] == t.Chain {
		return t.Asset
	}
	return cmp.Or(assetOf[t.Chain], t.Asset)
}

// compare orders tags by what they are about, then the surest and latest first.
func compare(a, b tamga.Tag) int {
	return cmp.Or(
		strings.Compare(a.Address, b.Address), strings.Compare(a.TxID, b.TxID), cmp.Compare(b.Confidence, a.Confidence),
		strings.Compare(b.Date, a.Date), strings.Compare(a.Label, b.Label), strings.Compare(a.Source, b.Source), strings.Compare(a.Asset, b.Asset),
	)
}
