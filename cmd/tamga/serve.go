package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/spf13/cobra"

	"tamga"
	"tamga/chain"
	"tamga/dashboards"
	"tamga/evidence"
	"tamga/internal/pipeline"
)

func newServe(a *app) *cobra.Command {
	var listen string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Show the workspace in a browser",
		Long: `Serve shows search, listings, captures and traces in a browser. It listens on
loopback only and prints an address with a token that works once.`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			h, err := a.enter(false)
			if err != nil {
				return err
			}
			defer h.Close()
			if listen == "" {
				listen = h.conf.Serve.Listen
			}
			return a.serve(cmd.Context(), h, listen, func(url string) {
				fmt.Fprintf(a.out, "%s\n", url)
			})
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "", "loopback `ADDRESS`; default: serve.listen")
	return cmd
}

// serve runs the dashboards until ctx ends; ready gets the address to open.
func (a *app) serve(ctx context.Context, h *house, listen string, ready func(url string)) error {
	s, err := dashboards.New(dashboards.Options{
		Searcher: h.store, Opener: opener{h}, Tracer: tracer{h}, Watcher: watchview{a, h}, Title: filepath.Base(h.ws.Dir), Logger: a.log,
	})
	if err != nil {
		return err
	}
	return s.Serve(ctx, listen, ready)
}

// opener shows captures to the dashboards.
type opener struct{ h *house }

func (o opener) Open(ctx context.Context, seq int64) (*dashboards.View, error) {
	capture, err := o.h.pipe.Archive.Capture(seq)
	if errors.Is(err, evidence.ErrNotFound) {
		return nil, fmt.Errorf("%w: %w", err, fs.ErrNotExist)
	} else if err != nil {
		return nil, err
	}
	ex, page, err := o.h.pipe.Open(ctx, seq)
	if ex == nil {
		return nil, err
	}
	view := &dashboards.View{
		Capture: capture, Page: page, Payload: ex.Body,
		RequestHead: withoutSecrets(ex.RequestHead), ResponseHead: withoutSecrets(ex.ResponseHead),
	}
	if err != nil && !pipeline.NoPage(err) {
		view.Problem = err.Error()
	}
	if view.Proof, err = o.prove(seq); err != nil {
		return nil, err
	}
	view.Stamps, err = o.stamps(seq)
	return view, err
}

// withoutSecrets is a head as it may leave the workspace: whoever looks at a
// dashboard is not who is logged in.
func withoutSecrets(head []byte) string {
	shown, _ := evidence.Redact(head, evidence.SecretHeaders)
	return string(shown)
}

// prove shows that the log holds the capture; nil where no head is signed over it
// yet, as while a crawl runs.
func (o opener) prove(seq int64) (*dashboards.Proof, error) {
	p, err := o.h.pipe.Archive.Prove(seq)
	if errors.Is(err, evidence.ErrNotFound) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	out := &dashboards.Proof{
		LogSize: p.Head.Size, Root: p.Head.Root.String(), Leaf: p.Leaf.String(),
		Signed: p.Signer, OK: p.Check(seq) == nil,
	}
	for _, h := range p.Path {
		out.Path = append(out.Path, h.String())
	}
	return out, nil
}

// tracer traces on the ledger index of the workspace.
type tracer struct{ h *house }

func (t tracer) Trace(ctx context.Context, subject, direction string, hops int) (tamga.Trace, error) {
	ledger, err := openLedger(t.h.ws, t.h.conf)
	if err != nil {
		return tamga.Trace{}, fmt.Errorf("%w: %w", err, fs.ErrNotExist)
	}
	defer ledger.Close()
	tr, err := chain.Trace(ctx, ledger, subject, chain.Options{Direction: direction, Hops: hops, Method: chain.FIFO})
	if errors.Is(err, chain.ErrNotFound) {
		err = fmt.Errorf("%w: %w", err, fs.ErrNotExist)
	}
	return tr, err
}
