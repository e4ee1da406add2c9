package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"tamga"
	"tamga/extract"
	"tamga/extract/link"
	"tamga/internal/config"
	"tamga/internal/pipeline"
)

func newLink(a *app) *cobra.Command {
	var jsonl, sites, record bool
	var least float64
	cmd := &cobra.Command{
		Use:   "link [FILE]",
		Short: "Find vendors that are one person, and mirrors of a site, with reasons",
		Long: `Link compares vendors across markets by their PGP keys, contacts, wallets, texts and
names, and writes a line for each two that may be one person, with a score and the
reasons (docs/json.md). It merges nothing: a link is a claim.

Without a file it reads the vendors of the workspace, with --jsonl FILE personas, one
JSON object a line, and needs no workspace. --sites compares the hosts of the workspace.`,
		Example: `  tamga link
  tamga link --sites --min 0.5
  tamga link --jsonl personas.jsonl`,
		Args: args(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, files []string) error {
			switch {
			case least < 0 || least > 1:
				return usageError{errors.New("--min is a score from 0 to 1")}
			case jsonl && (sites || record):
				return usageError{errors.New("--jsonl reads no workspace: it excludes --sites and --record")}
			case !jsonl && len(files) > 0:
				return usageError{errors.New("a file of personas needs --jsonl")}
			case jsonl:
				return a.linkLines(files, least)
			}
			return a.linkWorkspace(cmd.Context(), sites, record, least)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&jsonl, "jsonl", false, "read personas, one JSON object a line")
	f.BoolVar(&sites, "sites", false, "compare sites instead of vendors")
	f.BoolVar(&record, "record", false, "keep the links in the evidence log, as claims")
	f.Float64Var(&least, "min", link.Same, "the least `SCORE` of a link, 0 to 1; at the default 99 of 100 are right")
	return cmd
}

func (a *app) linkWorkspace(ctx context.Context, sites, record bool, least float64) error {
	h, err := a.enter(record)
	if err != nil {
		return err
	}
	defer h.Close()
	var links []tamga.Link
	if sites {
		all, err := h.pipe.Sites(ctx)
		if err != nil {
			return err
		}
		links = link.Sites(all, least)
	} else {
		personas, err := pipeline.Personas(ctx, h.store)
		if a.nothingYet(h.ws, err) {
			return nil
		} else if err != nil {
			return err
		}
		links = link.Vendors(personas, least)
	}
	if err := a.printLinks(links); err != nil || !record {
		return err
	}
	for _, l := range links {
		data, err := json.Marshal(struct {
			Method string `json:"method"`
			tamga.Link
		}{link.Method, l})
		if err != nil {
			return fmt.Errorf("record link: %w", err)
		}
		if _, err := h.archive.Claim(ctx, "link", data); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) printLinks(links []tamga.Link) error {
	out := bufio.NewWriter(a.out)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	for _, l := range links {
		if err := enc.Encode(l); err != nil {
			return fmt.Errorf("write links: %w", err)
		}
	}
	return out.Flush()
}

func (a *app) linkLines(files []string, least float64) error {
	ws, _ := config.Find(a.workspace) // for profiles of one's own; none is fine
	reader, err := a.reader(ws)
	if err != nil {
		return err
	}
	in, err := open(files)
	if err != nil {
		return err
	}
	defer in.Close()
	personas, bad, err := readPersonas(reader, in)
	if err != nil {
		return err
	}
	if err := a.printLinks(link.Vendors(personas, least)); err != nil {
		return err
	}
	if bad > 0 {
		return fmt.Errorf("%d lines are no persona: %w", bad, errIncomplete)
	}
	return nil
}

// readPersonas reads one persona a line; bad counts the lines that are none.
func readPersonas(reader *extract.Reader, in io.Reader) (personas []link.Persona, bad int, err error) {
	scan := bufio.NewScanner(in)
	scan.Buffer(make([]byte, 64<<10), lineLimit)
	for scan.Scan() {
		if len(scan.Bytes()) == 0 {
			continue
		}
		p, ok := readPersona(reader, scan.Bytes())
		if !ok {
			bad++
			continue
		}
		personas = append(personas, p)
	}
	if err := scan.Err(); err != nil {
		return nil, 0, fmt.Errorf("read personas: %w", err)
	}
	return personas, bad, nil
}

// readPersona takes each field under any of the names that data sets have for it.
func readPersona(reader *extract.Reader, raw []byte) (p link.Persona, ok bool) {
	var object map[string]any
	if err := json.Unmarshal(raw, &object); err != nil {
		return p, false
	}
	one := func(names ...string) string {
		if v := texts(object, names...); len(v) > 0 {
			return v[0]
		}
		return ""
	}
	p.ID = one("id", "persona", "persona_id")
	p.Name = one("name", "vendor", "vendor_name", "handle", "author", "seller", "username", "user")
	p.Market = one("market", "site", "channel", "marketplace", "source")
	p.Bio = one("bio", "description", "profile", "about", "terms")
	p.Texts = texts(object, "texts", "text", "listings", "titles", "posts", "items", "title")
	p.Contacts = texts(object, "contacts", "contact", "telegram", "wickr", "jabber", "phone", "phones")
	p.Mails = texts(object, "emails", "email", "mails", "mail")
	p.Wallets = texts(object, "wallets", "wallet", "addresses", "address")
	pipeline.ReadPersona(reader, &p, texts(object, "pgp", "public_key", "public_keys", "pgp_key", "pgp_keys", "key", "keys", "fingerprint", "fingerprints"))
	return p, p.Name != "" || p.ID != ""
}

// texts are all texts in the fields named: each a text, a number, a list of them,
// or objects with texts in them.
func texts(object map[string]any, names ...string) (out []string) {
	var walk func(v any, depth int)
	walk = func(v any, depth int) {
		switch v := v.(type) {
		case string:
			if v != "" {
				out = append(out, v)
			}
		case float64:
			out = append(out, fmt.Sprint(v))
		case []any:
			for _, x := range v {
				if depth < 4 {
					walk(x, depth+1)
				}
			}
		case map[string]any:
			for _, k := range []string{"title", "text", "description", "value", "name"} {
				if x, ok := v[k]; ok && depth < 4 {
					walk(x, depth+1)
				}
			}
		}
	}
	for _, n := range names {
		walk(object[n], 0)
	}
	return out
}
