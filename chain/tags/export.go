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
	Context        quoted   `yaml:"context,omitempty"`
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
	for _, t := range all {
		p, ok := packOf(t)
		if !ok {
			left++
			continue
		}
		pack.Tags = append(pack.Tags, p)
	}
	e := yaml.NewEncoder(w)
	e.SetIndent(2)
	if err := e.Encode(pack); err != nil {
		return left, fmt.Errorf("write TagPack: %w", err)
	}
	return left, e.Close()
}

// WriteActors writes actors as an actor pack of GraphSense's form.
func WriteActors(w io.Writer, title, creator string, all []Actor) error {
	type context struct {
		LegalName quoted `yaml:"legal_name"`
	}
	type actor struct {
		ID            quoted   `yaml:"id"`
		Label         quoted   `yaml:"label"`
		URI           quoted   `yaml:"uri,omitempty"`
		LastMod       dayNode  `yaml:"lastmod,omitempty"`
		Categories    []string `yaml:"categories"`
		Jurisdictions []quoted `yaml:"jurisdictions"`
		Context       *context `yaml:"context,omitempty"`
	}
	pack := struct {
		Title   quoted  `yaml:"title"`
		Creator quoted  `yaml:"creator"`
		Actors  []actor `yaml:"actors"`
	}{quoted(title), quoted(creator), []actor{}}
	for _, a := range all {
		x := actor{ID: quoted(a.ID), Label: quoted(a.Label), URI: quoted(a.URI), LastMod: dayNode(a.Date), Categories: []string{}, Jurisdictions: []quoted{}}
		for _, c := range a.Categories {
			if id := packConcept(c); id != "" {
				x.Categories = append(x.Categories, id)
			}
		}
		for _, j := range a.Jurisdictions {
			x.Jurisdictions = append(x.Jurisdictions, quoted(j))
		}
		if a.LegalName != "" {
			x.Context = &context{quoted(a.LegalName)}
		}
		pack.Actors = append(pack.Actors, x)
	}
	e := yaml.NewEncoder(w)
	e.SetIndent(2)
	if err := e.Encode(pack); err != nil {
		return fmt.Errorf("write actor pack: %w", err)
	}
	return e.Close()
}

func packOf(t tamga.Tag) (packTag, bool) {
	p := packTag{
		Address: quoted(t.Address), TxHash: quoted(t.TxID), Label: quoted(t.Label), Source: quoted(t.Source),
		Currency: quoted(cmp.Or(t.Asset, assetOf[t.Chain])), Network: quoted(cmp.Or(assetOf[t.Chain], t.Asset)),
		Category: packConcept(t.Category), Abuse: packConcept(t.Abuse), Actor: quoted(t.Actor),
		Confidence: confidenceID(t.Confidence), ClusterDefiner: t.ClusterDefiner, LastMod: dayNode(t.Date),
	}
	context := map[string]any{}
	for _, c := range t.Concepts {
		if id := packConcept(c); id != "" && !slices.Contains(p.Concepts, id) {
			p.Concepts = append(p.Concepts, id)
		}
	}
	var own []string
	for _, c := range append([]string{t.Category, t.Abuse}, t.Concepts...) {
		if c != "" && !concepts[c].pack {
			own = append(own, c)
		}
	}
	if own != nil {
		context["dwva"] = own
	}
	if v, _ := Confidence(p.Confidence); v != t.Confidence {
		context["confidence"] = t.Confidence
	}
	if t.Span != nil {
		context["span"] = t.Span
	}
	if len(context) > 0 {
		b, err := json.Marshal(context)
		if err != nil {
			return p, false
		}
		p.Context = quoted(b)
	}
	return p, p.Currency != "" && (p.Address != "" || p.TxHash != "") && p.Label != "" && p.Source != ""
}

// compare orders tags by what they are about, then the surest and latest first.
func compare(a, b tamga.Tag) int {
	return cmp.Or(
		strings.Compare(a.Address, b.Address), strings.Compare(a.TxID, b.TxID), cmp.Compare(b.Confidence, a.Confidence),
		strings.Compare(b.Date, a.Date), strings.Compare(a.Label, b.Label), strings.Compare(a.Source, b.Source),
	)
}
