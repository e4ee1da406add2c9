package tags

import (
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"tamga"
)

// Pack is a TagPack: tags of one creator, as GraphSense's tools exchange them.
// https://github.com/graphsense/graphsense-tagpacks
type Pack struct {
	Title, Creator, Description string
	Tags                        []tamga.Tag
	Warnings                    []Problem // the first of them
	Doubts                      int       // all of them
}

// body are the fields of a tag; they may stand in the header for all tags.
type body struct {
	tag           tamga.Tag
	network       string
	hasConfidence bool
}

// ReadPack reads a TagPack as YAML or JSON. It is strict: an unknown field, a
// field given twice, an undefined concept or confidence, a tag without address or
// source is an error with its line, and then nothing of the pack is returned.
// Doubts (an address whose checksum is wrong, no confidence) are warnings.
func ReadPack(in io.Reader) (*Pack, error) {
	b, err := readAll(in)
	if err != nil {
		return nil, err
	}
	doc, err := parse(b)
	if err != nil {
		return nil, err
	}
	return readPack(doc)
}

func readPack(doc *yaml.Node) (*Pack, error) {
	var r report
	p := &Pack{}
	head := r.fields(doc)
	if i := slices.IndexFunc(head, func(f field) bool { return f.name == "header" }); i >= 0 {
		head = append(slices.Delete(head, i, i+1), r.fields(head[i].value)...)
	}
	var common body
	var list *yaml.Node
	for _, f := range head {
		switch f.name {
		case "title":
			p.Title = r.text(f)
		case "creator":
			p.Creator = r.text(f)
		case "description":
			p.Description = r.text(f)
		case "owner":
			r.text(f)
		case "is_public":
			r.flag(f)
		case "tags":
			list = f.value
		default:
			r.tagField(&common, f, "header")
		}
	}
	for _, f := range [][2]string{{"title", p.Title}, {"creator", p.Creator}} {
		if f[1] == "" {
			r.fail(doc.Line, "mandatory header field %s missing", f[0])
		}
	}
	if list == nil || list.Kind != yaml.SequenceNode || len(list.Content) == 0 {
		r.fail(doc.Line, "mandatory header field tags missing")
		return nil, r.err()
	}
	seen := map[[4]string]bool{}
	for _, n := range list.Content {
		t := r.tag(n, common)
		if len(r.errs) >= maxProblems {
			break
		}
		key := [4]string{t.Address + t.TxID, t.Asset, t.Label, t.Source}
		if seen[key] {
			r.warn(n.Line, "the same tag again")
			continue
		}
		seen[key] = true
		p.Tags = append(p.Tags, t)
	}
	if r.unsure > 0 {
		r.warn(list.Line, "%d tags without confidence: taken as unknown", r.unsure)
	}
	p.Warnings, p.Doubts = r.warnings, r.doubts
	if err := r.err(); err != nil {
		return nil, err
	}
	return p, nil
}

// tag reads one tag over the fields that the header gives all of them.
func (r *report) tag(n *yaml.Node, common body) tamga.Tag {
	b := common
	for _, f := range r.fields(n) {
		r.tagField(&b, f, "tag")
	}
	t := &b.tag
	if (t.Address == "") == (t.TxID == "") {
		r.fail(n.Line, "a tag names one of address and tx_hash")
	}
	if t.TxID != "" && !isTxID(t.TxID) {
		r.fail(n.Line, "tx_hash: %s is none", short(t.TxID))
	}
	for _, f := range [][2]string{{"label", t.Label}, {"source", t.Source}, {"currency", t.Asset}} {
		if f[1] == "" {
			r.fail(n.Line, "mandatory tag field %s missing", f[0])
		}
	}
	if !b.hasConfidence {
		t.Confidence = ConfidenceUnknown
		r.unsure++
	}
	restore(t)
	if doubt := place(t, b.network); doubt != "" {
		r.warn(n.Line, "%s: %s", short(t.Address), doubt)
	}
	return *t
}

func isTxID(s string) bool {
	s = strings.TrimPrefix(s, "0x")
	return len(s) == 64 && strings.Trim(s, "0123456789abcdefABCDEF") == ""
}

// tagField reads one field of a tag.
func (r *report) tagField(b *body, f field, where string) {
	t := &b.tag
	switch f.name {
	case "label":
		t.Label = r.text(f)
	case "source":
		t.Source = r.text(f)
	case "currency":
		t.Asset = r.text(f)
	case "network":
		b.network = r.text(f)
	case "address":
		t.Address = r.text(f)
	case "tx_hash":
		t.TxID = strings.ToLower(r.text(f))
	case "actor":
		t.Actor = r.text(f)
	case "category":
		t.Category = r.concept(f)
	case "abuse":
		t.Abuse = r.concept(f)
	case "concepts":
		t.Concepts = r.list(f)
		for _, c := range t.Concepts {
			r.known(f, c)
		}
	case "confidence":
		id, ok := r.text(f), false
		if t.Confidence, ok = Confidence(id); !ok {
			r.fail(f.value.Line, "undefined confidence %s", short(id))
		}
		b.hasConfidence = true
	case "is_cluster_definer":
		t.ClusterDefiner = r.flag(f)
	case "lastmod":
		t.Date = r.date(f)
	case "context": // the creator's own words on a tag, in no fixed form
		t.Context = r.context(f)
	case "tag_type":
		if t.Type = r.text(f); !slices.Contains([]string{"actor", "event", "attribute", "mention"}, t.Type) && t.Type != "" {
			r.fail(f.value.Line, "undefined tag_type %s", short(t.Type))
		}
	default:
		r.fail(f.value.Line, "field %s not allowed in %s", short(f.name), where)
	}
}

func (r *report) concept(f field) string {
	id := r.text(f)
	r.known(f, id)
	return id
}

func (r *report) known(f field, id string) {
	if id != "" && !Known(id) {
		r.fail(f.value.Line, "undefined concept %s for %s", short(id), f.name)
	}
}
