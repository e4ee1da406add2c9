package main

import (
	"context"

	"tamga"
	"tamga/chain"
	"tamga/chain/bitcoin"
	"tamga/internal/config"
	"tamga/internal/pipeline"
)

// stopAtTags makes a trace stop where it reaches a tagged address, its own tag or
// that of its wallet; the subject's own do not. The caller calls done with the trace, for the tags of its
// ends and for an error in between.
func (a *app) stopAtTags(ctx context.Context, ws *config.Workspace, ledger *bitcoin.Index, subject string, opt *chain.Options) (done func(*tamga.Trace) error, err error) {
	b, err := a.tagbook(ctx, ws, nil)
	if err != nil {
		return nil, err
	}
	r, closeWallets, err := b.resolver(ctx, ledger)
	if err != nil {
		b.Close()
		return nil, err
	}
	stop := &pipeline.TagStop{Subject: subject, Lookup: func(addr string) ([]tamga.Tag, error) { return r.Lookup(ctx, addr) }}
	opt.Stop = stop.Stop
	return func(tr *tamga.Trace) error {
		closeWallets()
		b.Close()
		return stop.Finish(tr)
	}, nil
}
