package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"tamga"
	"tamga/chain/bitcoin"
	"tamga/chain/rates"
	"tamga/chain/tags"
	"tamga/evidence"
	"tamga/internal/config"
	"tamga/internal/database"
	"tamga/internal/pipeline"
)

func newTags(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "tags",
		Short: "Say who is behind addresses, and share it",
		Long: `A tag is a claim: who or what is behind an address, by which source, since when and
how sure. It speaks for its address alone, or for the whole wallet where its source
calls it a cluster definer. See docs/formats/tags.md.`,
	}
	cmd.AddCommand(newTagsImport(a), newTagsList(a), newTagsExport(a))
	return cmd
}

// tagbook is the tags of an open workspace.
type tagbook struct {
	*tags.Store
	db      *database.DB
	archive *evidence.Archive
	ours    bool // archive is closed with it
}

// tagbook opens the tags of a workspace and brings them up to the evidence log.
func (a *app) tagbook(ctx context.Context, ws *config.Workspace, archive *evidence.Archive) (b *tagbook, err error) {
	b = &tagbook{archive: archive}
	if archive == nil {
		b.ours = true
		if b.archive, err = evidence.OpenReader(ws.Evidence()); err != nil {
			return nil, err
		}
	}
	if b.db, err = a.database(ws); err == nil {
		if b.Store, err = tags.Open(ctx, b.db.Writer()); err == nil {
			err = pipeline.FillTags(ctx, b.archive, b.Store)
		}
	}
	if err != nil {
		b.Close()
		return nil, err
	}
	return b, nil
}

func (b *tagbook) Close() {
	if b.db != nil {
		b.db.Close()
	}
	if b.ours && b.archive != nil {
		b.archive.Close()
	}
}

// resolver answers for wallets too, where the ledger index has them; the caller
// calls done.
func (b *tagbook) resolver(ctx context.Context, ledger *bitcoin.Index) (r *tags.Resolver, done func(), err error) {
	var key func(string) (uint64, bool, error)
	done = func() {}
	if ledger != nil {
		w, err := ledger.Wallets()
		if err == nil {
			if err := b.heed(ctx, w); err != nil {
				w.Close()
				return nil, nil, err
			}
			key, done = w.Key, w.Close
		} else if !errors.Is(err, bitcoin.ErrNoIndex) {
			return nil, nil, err
		}
	}
	if r, err = tags.NewResolver(ctx, b.Store, key); err != nil {
		done()
		return nil, nil, err
	}
	return r, done, nil
}

func newTagsList(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "list [ADDRESS|TXID]",
		Short: "Print tags: all, or those of one address",
		Long: `List prints the tags of an address or transaction, the surest first, and for an
address of the ledger index those that speak for its wallet ("by cluster"). Without
one it prints every tag.`,
		Args: args(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, argv []string) error {
			ws, conf, err := a.open()
			if err != nil {
				return err
			}
			b, err := a.tagbook(cmd.Context(), ws, nil)
			if err != nil {
				return err
			}
			defer b.Close()
			var found []tamga.Tag
			if len(argv) == 0 {
				found, err = b.All(cmd.Context())
			} else {
				found, err = a.lookupTags(cmd.Context(), ws, conf, b, argv[0])
			}
			if err != nil {
				return err
			}
			if a.json {
				if found == nil {
					found = []tamga.Tag{}
				}
				return a.print(found)
			}
			return printTags(a.out, found)
		},
	}
}

func (a *app) lookupTags(ctx context.Context, ws *config.Workspace, conf *config.Config, b *tagbook, subject string) ([]tamga.Tag, error) {
	ledger, err := openLedger(ws, conf)
	if errors.Is(err, bitcoin.ErrNoIndex) {
		return b.Lookup(ctx, subject)
	} else if err != nil {
		return nil, err
	}
	defer ledger.Close()
	r, done, err := b.resolver(ctx, ledger)
	if err != nil {
		return nil, err
	}
	defer done()
	return r.Lookup(ctx, subject)
}

func printTags(out io.Writer, all []tamga.Tag) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, t := range all {
		what := t.Category
		if t.Abuse != "" {
			what += " " + t.Abuse
		}
		by := ""
		if t.By != "" {
			by = "by " + t.By
		}
		fmt.Fprintf(w, "%s%s\t%s\t%s\t%d\t%s\t%s\t%s\n", t.Address, t.TxID, t.Label, what, t.Confidence, t.Date, t.Source, by)
	}
	return w.Flush()
}

func newTagsExport(a *app) *cobra.Command {
	var title, creator string
	var actors bool
	cmd := &cobra.Command{
		Use:   "export FILE.yaml",
		Short: "Write the tags of the workspace as a TagPack",
		Long: `Export writes every tag as a TagPack that GraphSense's tools accept ("-" is standard
output). What a pack cannot say, a tag without an asset, an actor without a URI, is
counted and left out.`,
		Args: args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, argv []string) error {
			ws, conf, err := a.open()
			if err != nil {
				return err
			}
			b, err := a.tagbook(cmd.Context(), ws, nil)
			if err != nil {
				return err
			}
			defer b.Close()
			if creator == "" {
				creator = operator(conf)
			}
			var buf bytes.Buffer
			left := 0
			if actors {
				all, err := b.Actors(cmd.Context())
				if err != nil {
					return err
				}
				if left, err = tags.WriteActors(&buf, title, creator, rates.Day(time.Now()), all); err != nil {
					return err
				}
			} else {
				all, err := b.All(cmd.Context())
				if err != nil {
					return err
				}
				if left, err = tags.Write(&buf, title, creator, all); err != nil {
					return err
				}
			}
			if argv[0] == "-" {
				_, err = a.out.Write(buf.Bytes())
			} else {
				err = os.WriteFile(argv[0], buf.Bytes(), 0o600)
			}
			if err != nil {
				return err
			}
			if left > 0 {
				a.log.Warn("left out: a TagPack needs the asset of a tag, an actor pack the URI of an actor", "left out", left)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&title, "title", "Tags of a Tamga workspace", "title of the pack")
	cmd.Flags().BoolVar(&actors, "actors", false, "write the actors that tags name, as an actor pack")
	cmd.Flags().StringVar(&creator, "creator", "", "who answers for it; default: the operator")
	return cmd
}

// claimTags keeps tags and actors in the evidence log, some in each claim.
func claimTags(ctx context.Context, archive *evidence.Archive, head tags.Batch, all []tamga.Tag, actors []tags.Actor) error {
	claim := func(kind string, b tags.Batch) error {
		data, err := json.Marshal(b)
		if err != nil {
			return err
		}
		_, err = archive.Claim(ctx, kind, data)
		return err
	}
	for part := range slices.Chunk(all, tags.BatchSize) {
		b := head
		b.Tags = part
		if err := claim(tags.ClaimTags, b); err != nil {
			return err
		}
	}
	for part := range slices.Chunk(actors, tags.BatchSize) {
		b := head
		b.Actors = part
		if err := claim(tags.ClaimActors, b); err != nil {
			return err
		}
	}
	return nil
}

// head names a file in the claims made from it.
func head(file string, data []byte, title, creator string) tags.Batch {
	return tags.Batch{File: filepath.Base(file), Digest: string(tamga.DigestOf(data)), Title: title, By: creator}
}
