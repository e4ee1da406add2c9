package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"tamga"
	"tamga/chain"
	"tamga/dashboards"
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
		Searcher: h.store, Opener: opener{h.pipe}, Tracer: tracer{h}, Title: filepath.Base(h.ws.Dir), Logger: a.log,
	})
	if err != nil {
		return err
	}
	return s.Serve(ctx, listen, ready)
}

// opener shows captures to the dashboards.
type opener struct{ pipe *pipeline.Pipeline }

func (o opener) Open(ctx context.Context, seq int64) (*dashboards.View, error) {
	capture, err := o.pipe.Archive.Capture(seq)
	if err != nil {
		return nil, err
	}
	ex, page, err := o.pipe.Open(ctx, seq)
	if ex == nil || (err != nil && !pipeline.NoPage(err)) {
		return nil, err
	}
	return &dashboards.View{
		Capture: capture, Page: page, Payload: ex.Body,
		RequestHead: string(ex.RequestHead), ResponseHead: string(ex.ResponseHead),
	}, nil
}

// tracer traces on the ledger index of the workspace.
type tracer struct{ h *house }

func (t tracer) Trace(ctx context.Context, subject, direction string, hops int) (tamga.Trace, error) {
	ledger, err := openLedger(t.h.ws, t.h.conf)
	if err != nil {
		return tamga.Trace{}, err
	}
	defer ledger.Close()
	return chain.Trace(ctx, ledger, subject, chain.Options{Direction: direction, Hops: hops, Method: chain.FIFO})
}
