package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode"
)

// maxDocument is the largest document of Wikidata that is read, in bytes.
const maxDocument = 512 << 20

// languages are those whose names the tables hold.
var languages = map[string]bool{"en": true, "ru": true, "kk": true, "ky": true, "uz": true, "tg": true, "tk": true, "fr": true, "uk": true}

type monolingual struct {
	Language string `json:"language"`
	Value    string `json:"value"`
}

// entity is an item of Wikidata as its dumps and Special:EntityData give it.
type entity struct {
	Labels  map[string]monolingual   `json:"labels"`
	Aliases map[string][]monolingual `json:"aliases"`
	Claims  map[string][]struct {
		Mainsnak struct {
			Datavalue struct {
				Value json.RawMessage `json:"value"`
			} `json:"datavalue"`
		} `json:"mainsnak"`
	} `json:"claims"`
}

type binding struct {
	Value string `json:"value"`
	Lang  string `json:"xml:lang"`
}

// readWikidata reads the JSON of a SPARQL result (item, itemLabel, cas), of
// entities by id, of one entity or of an array of them, as dumps are.
func readWikidata(r io.Reader) ([]record, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxDocument+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxDocument {
		return nil, fmt.Errorf("larger than %d bytes", maxDocument)
	}
	if text := strings.TrimSpace(string(data)); strings.HasPrefix(text, "[") {
		var all []entity
		if err := json.Unmarshal(data, &all); err != nil {
			return nil, err
		}
		return entities(all), nil
	}
	var doc struct {
		Results struct {
			Bindings []map[string]binding `json:"bindings"`
		} `json:"results"`
		Entities map[string]entity `json:"entities"`
		entity
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		return nil, err
	}
	if len(doc.Results.Bindings) > 0 {
		return bindings(doc.Results.Bindings), nil
	}
	var all []entity
	for _, id := range slices.Sorted(maps.Keys(doc.Entities)) {
		all = append(all, doc.Entities[id])
	}
	if len(doc.Labels) > 0 {
		one := entity{Labels: doc.Labels, Aliases: doc.Aliases, Claims: doc.Claims}
		all = append(all, one)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("neither a SPARQL result nor entities")
	}
	return entities(all), nil
}

// bindings gathers the rows of a SPARQL result by item.
func bindings(rows []map[string]binding) []record {
	var out []record
	at := map[string]int{}
	for _, row := range rows {
		item := row["item"].Value
		i, known := at[item]
		if !known {
			i = len(out)
			at[item] = i
			out = append(out, record{line: i + 1})
		}
		if cas := clean(row["cas"].Value); cas != "" {
			out[i].cas = cas
		}
		out[i].name1(row["itemLabel"].Lang, row["itemLabel"].Value)
	}
	return out
}

func entities(all []entity) []record {
	var out []record
	for n, e := range all {
		rec := record{line: n + 1}
		for _, l := range slices.Sorted(maps.Keys(e.Labels)) {
			rec.name1(l, e.Labels[l].Value)
		}
		for _, l := range slices.Sorted(maps.Keys(e.Aliases)) {
			for _, a := range e.Aliases[l] {
				rec.name1(l, a.Value)
			}
		}
		for _, c := range e.Claims["P231"] { // CAS Registry Number
			var s string
			if json.Unmarshal(c.Mainsnak.Datavalue.Value, &s) == nil && rec.cas == "" {
				rec.cas = clean(s)
			}
		}
		out = append(out, rec)
	}
	return out
}

// name1 adds a name; the first English one names the record.
func (r *record) name1(language, name string) {
	language, _, _ = strings.Cut(language, "-")
	if name = clean(name); name == "" || !languages[language] {
		return
	}
	if language == "en" && r.name == "" {
		r.name = name
	}
	if language == "uz" {
		language = "uz-Latn"
		if strings.ContainsFunc(name, func(r rune) bool { return unicode.Is(unicode.Cyrillic, r) }) {
			language = "uz-Cyrl"
		}
	}
	r.names = append(r.names, label{language, name})
}
