package main

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tamga"
	"tamga/chain"
	"tamga/chain/evm"
	"tamga/chain/rpc"
	"tamga/chain/tags"
	"tamga/internal/config"
)

// blockRange is the flags that say which part of an account ledger is looked at.
type blockRange struct {
	from, to, confirmations, scan int64
	noInternal                    bool
	assets                        []string
}

func (b *blockRange) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.Int64Var(&b.from, "from-block", 0, "of an account ledger: begin at this block")
	f.Int64Var(&b.to, "to-block", 0, "of an account ledger: end with this block; 0 is the last one that is final")
	f.Int64Var(&b.confirmations, "confirmations", evm.Final, "of an account ledger: end so many blocks before the last one, in place of the final one")
	f.Int64Var(&b.scan, "scan", evm.DefaultScan, "of an account ledger: read at most so many blocks one by one for its own coin")
	f.BoolVar(&b.noInternal, "no-internal", false, "of an account ledger: do not ask for traces of calls")
	f.StringArrayVar(&b.assets, "asset", nil, "of an account ledger: only this `ASSET` (ETH, erc20:CONTRACT, erc721:CONTRACT/ID, trc20:CONTRACT …); can be given again")
}

// accountLedger is the account ledger that a subject is on: the one asked for, or
// the one whose form it has. It is "" for every other subject.
func accountLedger(conf *config.Config, subject string) string {
	if _, ok := evm.Lookup(conf.Network); ok {
		return conf.Network
	}
	return evm.NetworkOf(subject)
}

// accounts opens an account ledger of the workspace. The caller calls done.
func (a *app) accounts(ctx context.Context, ws *config.Workspace, conf *config.Config, network string, from sourcing, b blockRange) (l *evm.Ledger, done func(), err error) {
	switch from.name {
	case "index", "evm", "kept": // index is the default of verbs, and there is none of account ledgers
	default:
		return nil, nil, usageError{fmt.Errorf("--source %s: an account ledger is asked of a node: evm, or kept", from.name)}
	}
	keep, err := rpc.OpenAnswers(ws.Answers(network), time.Now)
	if err != nil {
		return nil, nil, err
	}
	for _, file := range keep.Torn() {
		a.log.Warn("the last answer in a file is unfinished and not used", "file", file)
	}
	progress := a.progress()
	bar := progress.Bar("ledger", "blocks", 0)
	done = func() {
		bar.Done()
		progress.Wait()
		if err := keep.Close(); err != nil {
			a.log.Error("kept answers may not be on the disk", "err", err)
		}
	}
	opt := evm.Options{
		From: b.from, To: b.to, Confirmations: b.confirmations, Scan: b.scan, NoInternal: b.noInternal,
		Progress: func(n, total int64) { bar.Set(n, total) },
	}
	if from.name == "kept" {
		l, err = evm.Replay(ctx, keep, network, opt)
	} else {
		l, err = a.askAccounts(ctx, conf.Chain, network, keep, opt)
	}
	if err != nil {
		done()
		return nil, nil, err
	}
	return l, done, nil
}

// askAccounts opens the node that the settings name for a network.
func (a *app) askAccounts(ctx context.Context, c config.Chain, network string, keep *rpc.Answers, opt evm.Options) (*evm.Ledger, error) {
	key, at := "ethereum", c.Ethereum
	if strings.HasPrefix(network, "tron") {
		key, at = "tron", c.Tron
	}
	if at.URL == "" {
		return nil, hinted{
			fmt.Errorf("chain.%s.url is not set", key),
			fmt.Sprintf("write the address of a node's RPC into tamga.toml under [chain.%s], or into TAMGA_CHAIN_%s_URL", key, strings.ToUpper(key)),
		}
	}
	ro := rpc.Options{Network: network, Keep: keep, Attempts: c.Attempts, User: at.User, Password: string(at.Password), HidePath: true}
	var err error
	if ro.Transport, err = rpc.NewTransport(string(at.URL), c.Proxy, c.Direct); err != nil {
		return nil, err
	}
	if rpc.Public(string(at.URL)) {
		a.log.Warn("this server learns which accounts and transactions are looked at; a node of one's own tells nobody", "server", rpc.Host(string(at.URL)))
	}
	l, err := evm.Open(ctx, string(at.URL), ro, opt)
	if err == nil {
		r := l.Range()
		a.log.Info("ledger asked of a node", "server", l.Origin(), "from", r.From, "to", r.To, "block", r.Block, "final", r.Final)
	}
	return l, err
}

// traceAccount is trace on an account ledger.
func (a *app) traceAccount(ctx context.Context, ws *config.Workspace, conf *config.Config, network, subject string, from sourcing, t tracing, b blockRange, stopTag bool, fiat string) error {
	opt := evm.TraceOptions{Direction: chain.Forward, Method: t.method, Assets: b.assets, Hops: t.hops, Fanout: t.fanout}
	if t.backward {
		opt.Direction = chain.Backward
	}
	base, err := t.options()
	if err != nil {
		return err
	}
	opt.Since, opt.Until = base.Since, base.Until
	if n, ok := new(big.Int).SetString(t.least, 10); ok && n.Sign() > 0 {
		opt.MinValue = n
	}
	if len(t.assume) > 0 {
		return usageError{errors.New("--assume: on an account ledger a mix is a tag, and nothing is told of what passes through")}
	}
	l, done, err := a.accounts(ctx, ws, conf, network, from, b)
	if err != nil {
		return err
	}
	defer done()
	var failed error
	if stopTag || t.stopMix {
		book, err := a.tagbook(ctx, ws, nil)
		if err != nil {
			return err
		}
		defer book.Close()
		opt.Stop = func(address string) (string, *tamga.Tag) {
			found, err := book.Lookup(ctx, address)
			failed = errors.Join(failed, err)
			for i := range found {
				if t.stopMix && tags.Is(found[i].Category, "mixing_service") {
					return chain.EndMix, &found[i]
				}
			}
			if stopTag && len(found) > 0 {
				return chain.EndTag, &found[0]
			}
			return "", nil
		}
	}
	tr, err := l.Trace(ctx, subject, opt)
	if err := errors.Join(err, failed); err != nil {
		return unkept(err)
	}
	if fiat != "" {
		if err := a.valueAccounts(ctx, ws, &tr, fiat); err != nil {
			return err
		}
	}
	if a.json {
		return a.print(tr)
	}
	return printAccountTrace(a.out, tr)
}

func (a *app) valueAccounts(ctx context.Context, ws *config.Workspace, tr *tamga.AccountTrace, currency string) error {
	s, db, err := a.rates(ctx, ws, nil)
	if err != nil {
		return err
	}
	defer db.Close()
	for i := range tr.Hops {
		h := &tr.Hops[i]
		if h.Fiat, err = s.Value(ctx, h.Amount, strings.ToUpper(currency), h.Time); err != nil {
			return err
		}
	}
	return nil
}

// unkept hints at what a question without a kept answer may mean.
func unkept(err error) error {
	if errors.Is(err, rpc.ErrNotKept) {
		return hinted{err, "say the same --from-block, --to-block and --asset as the run that is to be repeated: its result names them under range"}
	}
	return err
}
