package main

import (
	"context"

	"tamga"
	"tamga/chain"
	"tamga/chain/bitcoin"
	"tamga/internal/config"
)

// stopAtTags makes a trace stop where it reaches a tagged address, its own tag or
// that of its wallet. The caller calls done with the trace, for the tags of its
// ends and for an error in between.
func (a *app) stopAtTags(ctx context.Context, ws *config.Workspace, ledger *bitcoin.Index, opt *chain.Options) (done func(*tamga.Trace) error, err error) {
	b, err := a.tagbook(ctx, ws, nil)
	if err != nil {
		return nil, err
	}
	r, closeWallets, err := b.resolver(ctx, ledger)
	if err != nil {
		b.Close()
		return nil, err
	}
	before := opt.Stop
	var failed error
	ended := map[tamga.End]*tamga.Tag{}
	opt.Stop = func(tx *tamga.Tx, out tamga.TxOut) string {
		if before != nil {
			if reason := before(tx, out); reason != "" {
				return reason
			}
		}
		found, err := r.Lookup(ctx, out.Address)
		if err != nil && failed == nil {
			failed = err
		}
		if len(found) == 0 {
			return ""
		}
		ended[tamga.End{TxID: tx.TxID, Vout: out.N, Reason: chain.EndTag}] = &found[0]
		return chain.EndTag
	}
	return func(tr *tamga.Trace) error {
		closeWallets()
		b.Close()
		for i, e := range tr.Ends {
			tr.Ends[i].Tag = ended[e]
		}
		return failed
	}, nil
}
