package tags

import (
	"encoding/json"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Actor is who tags call an actor: a service, a group, a market. Jurisdictions
// are ISO 3166-1 alpha-2 codes of where it can be asked.
type Actor struct {
	ID            string   `json:"id"`
	Label         string   `json:"label"`
	URI           string   `json:"uri,omitempty"`
	Categories    []string `json:"categories,omitempty"`
	Jurisdictions []string `json:"jurisdictions,omitempty"`
	LegalName     string   `json:"legal_name,omitempty"`
	Aliases       []string `json:"aliases,omitempty"`
	Context       string   `json:"context,omitempty"` // what else its pack says, as JSON
	Date          string   `json:"date,omitempty"`    // YYYY-MM-DD
}

// ActorPack is a file of actors.
type ActorPack struct {
	Title, Creator string
	Actors         []Actor
	Warnings       []Problem
	Doubts         int
}

func readActors(doc *yaml.Node) (*ActorPack, error) {
	var r report
	p := &ActorPack{}
	var list *yaml.Node
	lastmod := ""
	for _, f := range r.fields(doc) {
		switch f.name {
		case "title":
			p.Title = r.text(f)
		case "creator":
			p.Creator = r.text(f)
		case "lastmod":
			lastmod = r.date(f)
		case "description":
			r.text(f)
		case "is_public":
			r.flag(f)
		case "actors":
			list = f.value
		default:
			r.fail(f.value.Line, "field %s not allowed in header", short(f.name))
		}
	}
	if p.Title == "" || p.Creator == "" {
		r.fail(doc.Line, "mandatory header field title or creator missing")
	}
	if list == nil || list.Kind != yaml.SequenceNode || len(list.Content) == 0 {
		r.fail(doc.Line, "mandatory header field actors missing")
		return nil, r.err()
	}
	seen := map[string]bool{}
	for _, n := range list.Content {
		a := r.actor(n, lastmod)
		if len(r.errs) >= maxProblems {
			break
		}
		if seen[a.ID] {
			r.fail(n.Line, "actor %s twice", short(a.ID))
		}
		seen[a.ID] = true
		p.Actors = append(p.Actors, a)
	}
	p.Warnings, p.Doubts = r.warnings, r.doubts
	if err := r.err(); err != nil {
		return nil, err
	}
	return p, nil
}

func (r *report) actor(n *yaml.Node, lastmod string) Actor {
	a := Actor{Date: lastmod}
	for _, f := range r.fields(n) {
		switch f.name {
		case "id":
			a.ID = r.text(f)
		case "label":
			a.Label = r.text(f)
		case "uri":
			a.URI = r.text(f)
		case "lastmod":
			a.Date = r.date(f)
		case "categories":
			for _, c := range r.list(f) {
				r.known(f, c)
				if !slices.Contains(a.Categories, c) {
					a.Categories = append(a.Categories, c)
				}
			}
		case "jurisdictions":
			a.Jurisdictions = r.list(f)
			for i, j := range a.Jurisdictions {
				a.Jurisdictions[i] = strings.ToUpper(j)
			}
		case "aliases":
			a.alias(r.list(f))
		case "context":
			a.take(r.context(f))
		default:
			r.fail(f.value.Line, "field %s not allowed in actor", short(f.name))
		}
	}
	if a.ID == "" || a.Label == "" {
		r.fail(n.Line, "mandatory actor field id or label missing")
	}
	return a
}

// take reads the context of an actor: its aliases and legal name, and the rest as
// it is.
func (a *Actor) take(context string) {
	var m map[string]json.RawMessage
	if json.Unmarshal([]byte(context), &m) != nil {
		a.Context = context
		return
	}
	var aliases []string
	if json.Unmarshal(m["aliases"], &aliases) == nil {
		delete(m, "aliases")
		a.alias(aliases)
	}
	if json.Unmarshal(m["legal_name"], &a.LegalName) == nil {
		delete(m, "legal_name")
	}
	if len(m) > 0 {
		b, _ := json.Marshal(m) // of JSON values
		a.Context = string(b)
	}
}

// alias adds names, each once.
func (a *Actor) alias(names []string) {
	for _, s := range names {
		if s != "" && !slices.Contains(a.Aliases, s) {
			a.Aliases = append(a.Aliases, s)
		}
	}
}

// Read reads a TagPack or an actor pack, whichever it is; the other is nil.
func Read(in io.Reader) (*Pack, *ActorPack, error) {
	b, err := readAll(in)
	if err != nil {
		return nil, nil, err
	}
	doc, err := parse(b)
	if err != nil {
		return nil, nil, err
	}
	for i := 0; i < len(doc.Content); i += 2 {
		if doc.Content[i].Value == "actors" {
			a, err := readActors(doc)
			return nil, a, err
		}
	}
	p, err := readPack(doc)
	return p, nil, err
}
