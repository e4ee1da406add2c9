package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"tamga/chain"
	"tamga/chain/bitcoin"
	"tamga/chain/remote"
	"tamga/chain/rpc"
	"tamga/internal/config"
)

// sourcing is the flag that says which ledger source is asked.
type sourcing struct{ name string }

func (s *sourcing) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.name, "source", "index", "who is asked: index, node, esplora; evm for account ledgers; or kept (the answers kept of servers, asking nobody)")
}

// opened is an open source of a network; index is set where it is the local one.
type opened struct {
	chain.Source
	network string
	index   *bitcoin.Index
	close   func()
}

// source opens a source of the workspace.
func (a *app) source(ctx context.Context, s sourcing) (*opened, error) {
	ws, conf, err := a.open()
	if err != nil {
		return nil, err
	}
	return s.open(ctx, a, ws, conf)
}

// open opens the source. Answers of a node and of Esplora are kept in the workspace
// before they are used.
func (s *sourcing) open(ctx context.Context, a *app, ws *config.Workspace, conf *config.Config) (*opened, error) {
	switch s.name {
	case "index", "node", "esplora", "kept":
	default:
		return nil, usageError{fmt.Errorf("--source %s: want index, node, esplora or kept", s.name)}
	}
	if s.name == "index" {
		ledger, err := openLedger(ws, conf)
		if err != nil {
			return nil, err
		}
		return &opened{ledger, ledger.Network(), ledger, func() { ledger.Close() }}, nil
	}
	network := conf.Network
	if conf.Origin("network") == "default" {
		network = cmp.Or(onlyAnswers(ws), network)
	}
	keep, err := rpc.OpenAnswers(ws.Answers(network), time.Now)
	if err != nil {
		return nil, err
	}
	for _, file := range keep.Torn() {
		a.log.Warn("the last answer in a file is unfinished and not used", "file", file)
	}
	done := func() {
		if err := keep.Close(); err != nil {
			a.log.Error("kept answers may not be on the disk", "err", err)
		}
	}
	var src chain.Source
	if s.name == "kept" {
		src, err = remote.Replay(ctx, keep, network)
	} else {
		src, err = a.ask(ctx, conf.Chain, s.name, network, keep)
	}
	if err != nil {
		done()
		return nil, err
	}
	return &opened{src, network, nil, done}, nil
}

// ask opens a node or an Esplora server as the settings name it.
func (a *app) ask(ctx context.Context, c config.Chain, name, network string, keep *rpc.Answers) (chain.Source, error) {
	url, open := c.Node, remote.Node
	opt := rpc.Options{Network: network, Keep: keep, Attempts: c.Attempts}
	if name == "esplora" {
		url, open = c.Esplora, remote.Esplora
	} else {
		opt.User, opt.Password, opt.Cookie = c.User, string(c.Password), c.Cookie
	}
	if url == "" {
		return nil, hinted{fmt.Errorf("chain.%s is not set", name), "write its address into tamga.toml under [chain], or into TAMGA_CHAIN_" + map[string]string{"node": "NODE", "esplora": "ESPLORA"}[name]}
	}
	var err error
	if opt.Transport, err = rpc.NewTransport(url, c.Proxy, c.Direct); err != nil {
		return nil, err
	}
	if name == "esplora" && rpc.Public(url) {
		a.log.Warn("this server learns which addresses and transactions are looked at; a node of one's own, or the local index, tells nobody", "server", rpc.Redact(url))
	}
	src, err := open(ctx, url, opt)
	if err != nil {
		return nil, err
	}
	if missing := src.Can() ^ (chain.CanTx | chain.CanSpender | chain.CanHistory); missing != 0 {
		for can, what := range map[chain.Capability]string{
			chain.CanTx:      "transactions by their id: start Bitcoin Core with -txindex, or btcd with --txindex",
			chain.CanSpender: "what spent an output: start Bitcoin Core with -txospenderindex or -blockfilterindex, or btcd with --addrindex",
			chain.CanHistory: "what paid an address: start Bitcoin Core with -blockfilterindex, or btcd with --addrindex",
		} {
			if missing&can != 0 {
				a.log.Warn("the node cannot tell " + what)
			}
		}
	}
	if tip, err := src.Tip(ctx); err == nil {
		a.log.Info("ledger asked of a server", "server", src.Origin(), "height", tip.Height, "block", tip.Hash)
	}
	return src, nil
}

// onlyAnswers is the network that a workspace has a ledger or answers of, if it
// is the only one.
func onlyAnswers(ws *config.Workspace) string {
	var found []string
	for _, name := range bitcoin.Networks() {
		if _, err := os.Stat(ws.Answers(name)); err == nil || bitcoin.Present(ws.Chain(name)) {
			found = append(found, name)
		}
	}
	if len(found) != 1 {
		return ""
	}
	return found[0]
}
