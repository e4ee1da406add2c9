package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tamga"
	"tamga/evidence"
	"tamga/extract"
	"tamga/internal/config"
	"tamga/internal/decode"
)

func newProfile(a *app) *cobra.Command {
	cmd := &cobra.Command{Use: "profile", Short: "Draft, check and list the profiles that pages are read by"}
	cmd.AddCommand(newProfileList(a), newProfileLearn(a), newProfileCheck(a))
	return cmd
}

func newProfileList(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the profiles, the workspace's own among them", Args: args(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			ws, _ := config.Find(a.workspace)
			r, err := a.reader(ws)
			if err != nil {
				return err
			}
			if a.json {
				return a.print(r.Profiles())
			}
			for _, name := range r.Profiles() {
				fmt.Fprintln(a.out, name)
			}
			return nil
		},
	}
}

func newProfileLearn(a *app) *cobra.Command {
	var name, host string
	cmd := &cobra.Command{
		Use:   "learn FILE.html|URL…",
		Short: "Draft a profile from pages of a site, by the generic reader",
		Long: `Learn reads pages of one site without a profile and writes the selectors that find
the same offers again, as a profile (docs/profiles.md). A comment beside each
selector says on how many offers it agrees. The draft is for an analyst to correct.
A URL stands for its newest capture in the workspace.`,
		Example: "  tamga profile learn --name bazaar --host bazaar.example page*.html > bazaar.toml",
		Args:    args(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, files []string) error {
			r, err := extract.New(extract.Options{Log: a.log})
			if err != nil {
				return err
			}
			in, err := a.pages(cmd.Context(), files)
			if err != nil {
				return err
			}
			d, err := r.Learn(name, in)
			if err != nil {
				return fmt.Errorf("learn profile: %w", err)
			}
			var hosts []string
			if host != "" {
				hosts = []string{host}
			}
			_, err = fmt.Fprint(a.out, d.TOML(hosts))
			return err
		},
	}
	cmd.Flags().StringVar(&name, "name", "draft", "name of the profile")
	cmd.Flags().StringVar(&host, "host", "", "`HOST` that the profile is for")
	return cmd
}

func newProfileCheck(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "check NAME|FILE.toml FILE.html|URL…",
		Short: "Say what share of the offers each field of a profile is read on",
		Long: `Check reads pages with a profile and without one. For each field it says on how
many offers the profile has a value and how often the generic reader gives the same.
A URL stands for its newest capture in the workspace.`,
		Args: args(cobra.MinimumNArgs(2)),
		RunE: func(cmd *cobra.Command, names []string) error {
			ws, _ := config.Find(a.workspace)
			r, err := a.reader(ws)
			if err != nil {
				return err
			}
			name := names[0]
			if strings.HasSuffix(name, ".toml") {
				if r, name, err = a.oneProfile(name); err != nil {
					return err
				}
			}
			in, err := a.pages(cmd.Context(), names[1:])
			if err != nil {
				return err
			}
			fields, pages, err := r.Check(name, in)
			if err != nil {
				return fmt.Errorf("check profile: %w", err)
			}
			if a.json {
				return a.print(struct {
					Pages  map[tamga.PageKind]int `json:"pages"`
					Fields []extract.Coverage     `json:"fields"`
				}{pages, list(fields)})
			}
			for kind, n := range pages {
				fmt.Fprintf(a.err, "%d pages of kind %s\n", n, kind)
			}
			for _, f := range fields {
				fmt.Fprintf(a.out, "%-9s filled %d of %d, generic reader agrees on %d\n", f.Field, f.Filled, f.Offers, f.Agrees)
			}
			return nil
		},
	}
}

// oneProfile loads a reader with the profile of a file.
func (a *app) oneProfile(file string) (*extract.Reader, string, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, "", fmt.Errorf("read profile: %w", err)
	}
	dir, err := os.MkdirTemp("", "tamga-profile")
	if err != nil {
		return nil, "", fmt.Errorf("read profile: %w", err)
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, filepath.Base(file)), b, 0o600); err != nil {
		return nil, "", fmt.Errorf("read profile: %w", err)
	}
	r, err := extract.New(extract.Options{Log: a.log, ProfileDirs: []string{dir}})
	if err != nil {
		return nil, "", err
	}
	for _, name := range r.Profiles() {
		if strings.Contains(string(b), fmt.Sprintf("name = %q", name)) || strings.Contains(string(b), "name = '"+name+"'") {
			return r, name, nil
		}
	}
	return nil, "", errors.New("read profile: the file names none")
}

// pages reads pages from files and, where a name is a URL, from its newest capture
// in the workspace.
func (a *app) pages(ctx context.Context, names []string) (out []extract.Input, err error) {
	var urls []string
	for _, name := range names {
		if strings.Contains(name, "://") {
			urls = append(urls, name)
			continue
		}
		f, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("read page: %w", err)
		}
		body, err := io.ReadAll(io.LimitReader(f, extract.DefaultMaxBytes))
		f.Close()
		if err != nil {
			return nil, fmt.Errorf("read page %s: %w", name, err)
		}
		out = append(out, extract.Input{Body: body})
	}
	if urls == nil {
		return out, nil
	}
	captured, err := a.capturedPages(ctx, urls)
	return append(out, captured...), err
}

// capturedPages reads the newest capture of each URL that has a body.
func (a *app) capturedPages(ctx context.Context, urls []string) (out []extract.Input, err error) {
	ws, err := config.Find(a.workspace)
	if err != nil {
		return nil, err
	}
	archive, err := evidence.OpenReader(ws.Evidence())
	if err != nil {
		return nil, err
	}
	defer archive.Close()
	newest := map[string]int64{}
	for c, err := range archive.Captures(ctx, 0) {
		if err != nil {
			return nil, err
		}
		if slices.Contains(urls, c.URL) && c.Size > 0 {
			newest[c.URL] = c.Seq
		}
	}
	for _, u := range urls {
		seq, ok := newest[u]
		if !ok {
			return nil, fmt.Errorf("read page: %s was not captured", u)
		}
		ex, c, err := archive.Read(ctx, seq)
		if err != nil {
			return nil, err
		}
		body, _, err := decode.Body(ex.Header, ex.Body, extract.DefaultMaxBytes)
		if err != nil {
			return nil, fmt.Errorf("decode capture %d: %w", seq, err)
		}
		out = append(out, extract.Input{URL: c.URL, ContentType: c.ContentType, Body: body, Time: c.Requested})
	}
	return out, nil
}
