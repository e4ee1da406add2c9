package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"tamga"
	"tamga/chain/tags"
	"tamga/evidence"
)

// imported is the summary document of `tamga tags import`.
type imported struct {
	Tags     int      `json:"tags"`
	Actors   int      `json:"actors"`
	Known    int      `json:"known"`              // of the tags: stood there already
	AgeDays  *int     `json:"age_days,omitempty"` // of a sanctions list
	Warnings []string `json:"warnings"`

	oldest string // date among the addresses of lists
}

func newTagsImport(a *app) *cobra.Command {
	var list tags.List
	var captures bool
	cmd := &cobra.Command{
		Use:   "import FILE… | --from-captures",
		Short: "Take in TagPacks, actor packs, sanctions lists, or what captured pages name",
		Long: `Import takes in TagPacks and actor packs (YAML or JSON). It is strict: a file with a
wrong line is refused whole, with the lines.

With --sanctions NAME the files are sanctions lists: addresses one a line, CSV or
JSON, or OFAC's own SDN files (XML, advanced XML, CSV, text). Their date is theirs, not
that of the import, and a list of more than 30 days is warned of.

With --from-captures each wallet that a captured page names becomes a tag of low
confidence whose source is those bytes of the page.

Tags are claims in the evidence log; they are never changed there. A later import
of the same tag of the same source takes the earlier one's place in answers.`,
		Example: `  tamga tags import packs/*.yaml actors.yaml
  tamga tags import --sanctions "OFAC SDN" --date 2026-09-01 --source https://ofac.treasury.gov sanctioned_addresses_XBT.txt
  tamga tags import --from-captures`,
		RunE: func(cmd *cobra.Command, files []string) error {
			switch {
			case captures == (len(files) > 0):
				return usageError{errors.New("name files, or say --from-captures")}
			case list.Name == "" && (list.Date != "" || list.Source != "" || list.Asset != ""):
				return usageError{errors.New("--date, --source and --asset belong to --sanctions NAME")}
			case list.Name != "" && list.Source == "":
				return usageError{errors.New("a sanctions list needs its --source")}
			}
			h, err := a.enter(true)
			if err != nil {
				return err
			}
			defer h.Close()
			b, err := a.tagbook(cmd.Context(), h.ws, h.archive)
			if err != nil {
				return err
			}
			defer b.Close()
			sum := imported{Warnings: []string{}}
			if captures {
				err = sum.captures(cmd.Context(), h, b)
			}
			var failed error
			for _, file := range files {
				if e := sum.file(cmd.Context(), h.archive, file, list); e != nil {
					failed = errors.Join(failed, fmt.Errorf("%s: %w", file, e))
				}
			}
			if list.Name != "" && failed == nil {
				list.Date = cmp.Or(list.Date, sum.oldest)
				age := list.Age(time.Now())
				days := int(age / (24 * time.Hour))
				sum.AgeDays = &days
				if age > tags.OldList {
					sum.Warnings = append(sum.Warnings, fmt.Sprintf("the list is of %s, %d days old: names added since are missing", list.Date, days))
				}
			}
			for _, w := range sum.Warnings {
				a.log.Warn(w)
			}
			if err := errors.Join(err, failed); err != nil {
				return err
			}
			if a.document() {
				return a.print(sum)
			}
			fmt.Fprintf(a.out, "%d tags, %d actors\n", sum.Tags, sum.Actors)
			return nil
		},
	}
	f := cmd.Flags()
	f.BoolVar(&captures, "from-captures", false, "from the wallets that captured pages name")
	f.StringVar(&list.Name, "sanctions", "", "the files are sanctions lists of this `NAME`")
	f.StringVar(&list.Date, "date", "", "date of the list, YYYY-MM-DD; not needed where the list names it")
	f.StringVar(&list.Source, "source", "", "URL of the list")
	f.StringVar(&list.Asset, "asset", "", "asset of addresses whose line names none; default: what the file's name ends with")
	return cmd
}

// file takes in one file, or nothing of it.
func (s *imported) file(ctx context.Context, archive *evidence.Archive, name string, list tags.List) error {
	if list.Name != "" {
		return s.list(ctx, archive, name, list)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	pack, actors, err := tags.Read(bytes.NewReader(data))
	switch {
	case err != nil:
		return err
	case actors != nil:
		s.doubts(name, actors.Warnings, actors.Doubts)
		s.Actors += len(actors.Actors)
		return claimTags(ctx, archive, head(name, data, actors.Title, actors.Creator), nil, actors.Actors)
	}
	s.doubts(name, pack.Warnings, pack.Doubts)
	s.Tags += len(pack.Tags)
	return claimTags(ctx, archive, head(name, data, pack.Title, pack.Creator), pack.Tags, nil)
}

// list takes in a sanctions list, which may be large, without holding it.
func (s *imported) list(ctx context.Context, archive *evidence.Archive, name string, list tags.List) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if list.Asset == "" {
		list.Asset = tags.AssetOfFile(name)
	}
	sum := sha256.New()
	whole := io.TeeReader(f, sum)
	found, doubts, err := tags.ReadList(whole, list)
	if err == nil {
		_, err = io.Copy(io.Discard, whole) // what is behind the list is of the file too
	}
	if err != nil {
		return err
	}
	s.doubts(name, doubts, len(doubts))
	s.Tags += len(found)
	for _, t := range found {
		if s.oldest == "" || t.Date < s.oldest {
			s.oldest = t.Date
		}
	}
	b := tags.Batch{File: filepath.Base(name), Digest: "sha256:" + hex.EncodeToString(sum.Sum(nil)), Title: list.Name}
	return claimTags(ctx, archive, b, found, nil)
}

func (s *imported) doubts(file string, some []tags.Problem, all int) {
	for _, p := range some {
		s.Warnings = append(s.Warnings, fmt.Sprintf("%s: %v", file, p))
	}
	if all > len(some) {
		s.Warnings = append(s.Warnings, fmt.Sprintf("%s: and %d more", file, all-len(some)))
	}
}

// captures takes in what pages name and the tags do not hold yet.
func (s *imported) captures(ctx context.Context, h *house, b *tagbook) error {
	var fresh []tamga.Tag
	flush := func() error {
		s.Tags += len(fresh)
		err := claimTags(ctx, h.archive, tags.Batch{Title: "captured pages"}, fresh, nil)
		fresh = fresh[:0]
		return err
	}
	for t, err := range h.pipe.CapturedTags(ctx) {
		if err != nil {
			return err
		}
		known, err := b.Holds(ctx, t)
		if err != nil {
			return err
		}
		if known {
			s.Known++
			continue
		}
		if fresh = append(fresh, t); len(fresh) == tags.BatchSize {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}
