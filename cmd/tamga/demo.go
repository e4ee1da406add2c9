package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"tamga"
	"tamga/chain"
	"tamga/chain/bitcoin"
	"tamga/internal/config"
	"tamga/internal/demo"
	"tamga/internal/term"
)

func newDemo(a *app) *cobra.Command {
	var dir string
	var noServe, noBrowser, tor bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show the whole job on a synthetic market and ledger",
		Long: `Demo serves an invented market on loopback, crawls it into a new workspace, seals,
reads and indexes what it finds, indexes an invented ledger, traces a wallet named
on the market, and opens the dashboards. Nothing leaves the machine.`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if dir == "" {
				tmp, err := os.MkdirTemp("", "tamga-demo-")
				if err != nil {
					return fmt.Errorf("make demo workspace: %w", err)
				}
				defer os.RemoveAll(tmp)
				dir = filepath.Join(tmp, "demo")
			}
			return a.demo(cmd, dir, tor, func(h *house) error {
				if noServe {
					return nil
				}
				return a.serve(cmd.Context(), h, h.conf.Serve.Listen, func(url string) {
					fmt.Fprintf(a.out, "\nopen  %s\n\nCtrl-C ends it.\n", url)
					if !noBrowser && term.IsTerminal(a.out) {
						openBrowser(url)
					}
				})
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&dir, "dir", "", "keep the workspace in this new folder (default: a temporary one, removed at the end)")
	f.BoolVar(&noServe, "no-serve", false, "end when the story is ready")
	f.BoolVar(&noBrowser, "no-browser", false, "print the address only")
	f.BoolVar(&tor, "tor", false, "crawl through a private Tor network on loopback (needs tor)")
	f.MarkHidden("tor")
	return cmd
}

// demo does the main job in a new workspace and then calls show.
func (a *app) demo(cmd *cobra.Command, dir string, tor bool, show func(*house) error) error {
	ctx, start := cmd.Context(), time.Now()
	ws, err := config.Create(dir, `network = "regtest"`, `operator = "demo"`)
	if err != nil {
		return err
	}
	if _, err := createEvidence(ws); err != nil {
		return err
	}
	a.workspace = dir
	market, err := serveMarket(ctx, dir, tor)
	if err != nil {
		return err
	}
	defer market.end()
	if err := market.configure(ws); err != nil {
		return err
	}
	h, err := a.enter(true)
	if err != nil {
		return err
	}
	defer h.Close()
	fmt.Fprintf(a.out, "Bazaar Nowhere, a market that does not exist, on %s\n", market.url)
	sum, err := a.crawl(cmd, h, market.flags, []string{"bazaar-nowhere"})
	if err != nil {
		return err
	}
	market.later(h.conf)
	again, err := a.crawl(cmd, h, market.flags, []string{"bazaar-nowhere", "caravanserai"})
	if err != nil {
		return err
	}
	fmt.Fprintf(a.out, "sealed  %d exchanges of two visits, %.1f MB\n", sum.Captured+again.Captured, float64(sum.Bytes+again.Bytes)/1e6)

	blocks := filepath.Join(dir, "blocks")
	if err := demo.WriteBlocks(blocks); err != nil {
		return err
	}
	ledger, err := buildBlocks(ctx, ws, blocks, bitcoin.Options{})
	if err != nil {
		return err
	}
	fmt.Fprintf(a.out, "ledger  %d blocks, %d transactions (regtest)\n", ledger.Blocks, ledger.Transactions)
	if err := a.story(ctx, h); err != nil {
		return err
	}
	fmt.Fprintf(a.out, "ready   in %.1f s; workspace %s\n", time.Since(start).Seconds(), dir)
	return show(h)
}

// story traces the wallet that a listing names and tells where its money went.
func (a *app) story(ctx context.Context, h *house) error {
	ledger, err := openLedger(h.ws, h.conf)
	if err != nil {
		return err
	}
	defer ledger.Close()
	tr, err := chain.Trace(ctx, ledger, demo.Wallet(), chain.Options{Direction: chain.Forward})
	if err != nil {
		return err
	}
	fmt.Fprintf(a.out, "story   the listing %s names the wallet %s;\n        its money went %s\n", demo.StoryListing(), demo.Wallet(), summary(tr))
	return nil
}

func summary(tr tamga.Trace) string {
	deepest, ends := 0, map[string]int{}
	for _, hop := range tr.Hops {
		deepest = max(deepest, hop.Depth)
	}
	for _, e := range tr.Ends {
		ends[e.Reason]++
	}
	return fmt.Sprintf("over %d hops, %d transactions deep, to %d outputs not spent yet (by %s)", len(tr.Hops), deepest, ends[chain.EndUnspent], tr.Method)
}

// openBrowser asks the desktop to open url; without a desktop nothing happens.
func openBrowser(url string) {
	for _, name := range []string{"xdg-open", "open"} {
		if path, err := exec.LookPath(name); err == nil {
			c := exec.Command(path, url)
			c.Stdout, c.Stderr = io.Discard, io.Discard
			_ = c.Start()
			return
		}
	}
}
