package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tamga/extract/link"
	"tamga/extract/mirror"
	"tamga/internal/config"
	"tamga/internal/pipeline"
)

func newMirrors(a *app) *cobra.Command {
	var pages bool
	least := link.Same
	cmd := &cobra.Command{
		Use:   "mirrors",
		Short: "One site over many addresses: who says so, and which are up",
		Long: `Mirrors lists the sites that are known at more than one address: those of a source's
mirrors, those that a site names by Onion-Location, those of a signed list (verified
against the source's mirror_key), and with --pages those whose pages are alike.

Each address has what it was told by and how it was when last asked. A list whose
signature is bad is listed, puts nothing together and raises an alert.`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if least < 0 || least > 1 {
				return usageError{errors.New("--min is a score from 0 to 1")}
			}
			h, err := a.enter(false)
			if err != nil {
				return err
			}
			defer h.Close()
			if !pages {
				least = 2
			}
			sites, err := h.pipe.Addresses(cmd.Context(), sourceAddresses(h.conf), least)
			if err != nil {
				return err
			}
			if a.json {
				return a.print(map[string]any{"sites": sites})
			}
			for _, s := range sites {
				a.printSite(s)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&pages, "pages", false, "compare the pages of sites too: it reads them all")
	cmd.Flags().Float64Var(&least, "min", link.Same, "with --pages, the least `SCORE` of a likeness, 0 to 1")
	return cmd
}

// sourceAddresses are those that the settings list.
func sourceAddresses(conf *config.Config) (out []pipeline.SourceAddresses) {
	for _, s := range conf.Sources {
		out = append(out, pipeline.SourceAddresses{Name: s.Name, URLs: append([]string{s.URL}, s.Mirrors...)})
	}
	return out
}

func (a *app) printSite(s pipeline.SiteAddresses) {
	fmt.Fprintln(a.out, cmp.Or(s.Source, s.Addresses[0].Address))
	for _, x := range s.Addresses {
		up := "never up"
		if x.LastUp != nil {
			up = "last up " + x.LastUp.UTC().Format("2006-01-02 15:04")
		}
		if x.LastSeen == nil {
			up = "not asked"
		} else if x.Outcome != "" {
			up += ", " + string(x.Outcome)
		}
		fmt.Fprintf(a.out, "  %s  %s\n", x.Address, up)
		for _, t := range x.Told {
			line := fmt.Sprintf("    %s by %s", t.How, t.By)
			if t.Status != "" {
				line += ": " + t.Status
			}
			if t.Signed != nil {
				line += ", signed " + t.Signed.Format(time.DateOnly)
			}
			if t.Score > 0 {
				line += fmt.Sprintf(", score %.2f (%s)", t.Score, strings.Join(t.Reasons, "; "))
			}
			if t.Detail != "" {
				line += " (" + t.Detail + ")"
			}
			fmt.Fprintln(a.out, line)
		}
	}
}

// mirrorKeys are the keys that sources name.
func mirrorKeys(ws *config.Workspace, conf *config.Config) (*pipeline.Mirrors, error) {
	m := &pipeline.Mirrors{Keys: map[string]pipeline.MirrorKey{}}
	for i := range conf.Sources {
		s := &conf.Sources[i]
		if s.MirrorKey == "" {
			continue
		}
		key, err := mirrorKey(ws, s)
		if err != nil {
			return nil, fmt.Errorf("source %s: %w", s.Name, err)
		}
		m.Keys[s.Name] = key
	}
	return m, nil
}

// mirrorKey is the key that a source names: a file, in the workspace unless its path
// is absolute, or a fingerprint.
func mirrorKey(ws *config.Workspace, s *config.Source) (key pipeline.MirrorKey, err error) {
	if s.MirrorKey == "" {
		return key, nil
	}
	if print, ok := mirror.ParseFingerprint(s.MirrorKey); ok {
		return pipeline.MirrorKey{Fingerprint: print}, nil
	}
	file := s.MirrorKey
	if !filepath.IsAbs(file) {
		file = filepath.Join(ws.Dir, file)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return key, hinted{fmt.Errorf("mirror_key: %w", err), "name a file with the public key, or its whole fingerprint"}
	}
	if key.Key, err = mirror.ReadKey(b); err != nil {
		return key, fmt.Errorf("mirror_key: %s: %w", file, err)
	}
	return key, nil
}
