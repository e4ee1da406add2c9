package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"tamga/chain/tags"
	"tamga/internal/importer"
)

// What an import is kept within, in bytes: its files are read as streams, and a
// laptop may take in an export of a million messages beside its other work.
const (
	importMemory  = 96 << 20 // of the collector
	importGarbage = 40       // per cent of what is in use, before it collects
	importMapped  = 64 << 20 // resident of mapped files, the program among them
)

// importSegment is the most documents of a segment that an import merges: some
// 40 MB of messages.
const importSegment = 30_000

func newImport(a *app) *cobra.Command {
	var kind, base, source string
	cmd := &cobra.Command{
		Use:   "import FILE…",
		Short: "Take in web archives, saved pages, mailboxes and exports of messengers",
		Long: `Import seals each record of the files as a capture of its own, then reads and
indexes it like any page (docs/imports.md). What a file is, its content tells:
WARC, WACZ, HAR, a folder of saved HTML pages, mbox, the JSON exports of Telegram
Desktop and DiscordChatExporter, TagPacks (as tamga tags import does).

A record that is sealed already is not sealed again: an interrupted import carries
on, and a newer export adds what is new. What is wrong with a file is listed with
its place; the rest is taken in, and the exit code is 3.`,
		Example: `  tamga import result.json
  tamga import --base-url http://exampleonion.onion/ saved-pages/
  tamga import seized.mbox crawl.warc.gz --json`,
		Args: args(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, files []string) error {
			kinds, bad, err := kindsOf(files, kind)
			if err != nil {
				return err
			}
			a.memory = importMemory
			if os.Getenv("GOMEMLIMIT") == "" {
				debug.SetGCPercent(importGarbage)
			}
			h, err := a.enter(true)
			if err != nil {
				return err
			}
			defer h.Close()
			if b, ok := h.store.(interface{ BoundSegments(int) }); ok {
				b.BoundSegments(importSegment)
			}
			if s, ok := h.conf.Source(source); ok {
				if base == "" && s.Kind == "telegram" {
					base = s.URL
				}
				if err := s.Authorised(time.Now()); err != nil {
					return hinted{err, "have it renewed, and write that into the basis of the source in tamga.toml"}
				}
			}
			gate, err := blocklist(h.ws, h.conf)
			if err != nil {
				return err
			}
			sum := importer.Summary{Problems: []importer.Problem{}}
			err = a.importFiles(cmd.Context(), h, &importer.Importer{Archive: h.archive, Source: source, BaseURL: base, Gate: gate.Refuses}, files, kinds, bad, &sum)
			if err != nil {
				return err
			}
			if a.document() {
				err = a.print(sum)
			} else {
				fmt.Fprintf(a.out, "%s: captured %d of %d records, %d sealed before, %d problems\n", sum.Kind, sum.Captured, sum.Records, sum.Known, int64(len(sum.Problems))+sum.More)
			}
			for i, p := range sum.Problems {
				if i == 20 && !a.quiet {
					a.log.Warn("and more problems; --json lists them", "more", int64(len(sum.Problems)-i)+sum.More)
					break
				}
				a.log.Warn(p.What, "where", p.Where)
			}
			if err == nil && !slices.Contains(bad, nil) {
				return hinted{fmt.Errorf("import: %w", importer.ErrKind), "docs/imports.md lists the kinds; --kind says what a file is"}
			}
			if err == nil && len(sum.Problems) > 0 {
				return hinted{errIncomplete, "the problems say what was left out and where; what is whole was taken in"}
			}
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&kind, "kind", "", "what the files are: warc, wacz, har, html, mbox, telegram, discord or tagpack (default: their content tells)")
	f.StringVar(&base, "base-url", "", "`URL` of a folder of pages, for those that do not tell their own")
	f.StringVar(&source, "source", "", "source that the captures are filed under (default: the host, or the kind)")
	return cmd
}

// kindsOf tells what the files are; a file of no known kind is left out and has
// an error in bad.
func kindsOf(files []string, forced string) (kinds []importer.Kind, bad []error, err error) {
	kinds, bad = make([]importer.Kind, len(files)), make([]error, len(files))
	for i, file := range files {
		if _, err := os.Stat(file); err != nil {
			return nil, nil, err
		}
		if forced == "" {
			kinds[i], bad[i] = importer.Detect(file)
			continue
		}
		if kinds[i], err = importer.ParseKind(forced); err != nil {
			return nil, nil, usageError{err}
		}
	}
	return kinds, bad, nil
}

// importFiles takes in the files one after the other, then reads what is new.
func (a *app) importFiles(ctx context.Context, h *house, im *importer.Importer, files []string, kinds []importer.Kind, bad []error, sum *importer.Summary) error {
	progress := a.progress()
	for i, file := range files {
		switch {
		case bad[i] != nil:
			sum.Fail(file, bad[i])
			continue
		case kinds[i] == importer.KindTagPack:
			if err := a.importTags(ctx, h, file, sum); err != nil {
				return err
			}
			continue
		}
		bar := progress.Bar("import", "bytes", 0)
		im.Report = bar.Set
		err := im.Import(ctx, file, kinds[i], sum)
		bar.Done()
		if err != nil {
			progress.Wait()
			return err
		}
	}
	read := progress.Bar("read", "captures", 0)
	bounded, done := context.WithCancel(ctx)
	defer done()
	go boundMapped(bounded, h.store, importMapped)
	_, err := h.pipe.Ingest(ctx, read.Set)
	read.Done()
	progress.Wait()
	if err == nil {
		_, err = a.deliver(ctx, h)
	}
	return err
}

// importTags takes in a TagPack as `tamga tags import` does.
func (a *app) importTags(ctx context.Context, h *house, file string, sum *importer.Summary) error {
	b, err := a.tagbook(ctx, h.ws, h.archive)
	if err != nil {
		return err
	}
	defer b.Close()
	sum.Add(importer.KindTagPack)
	var tagged imported
	if err := tagged.file(ctx, h.archive, file, tags.List{}); err != nil {
		if e := ctx.Err(); e != nil {
			return errors.Join(e, err)
		}
		sum.Fail(file, err)
		return nil
	}
	sum.Records += int64(tagged.Tags + tagged.Actors)
	sum.Captured += int64(tagged.Tags + tagged.Actors)
	return nil
}
