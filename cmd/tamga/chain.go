package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tamga/chain/bitcoin"
	"tamga/internal/config"
)

func newChain(a *app) *cobra.Command {
	cmd := &cobra.Command{Use: "chain", Short: "Decode blocks, and index a ledger for traces"}
	cmd.AddCommand(newChainDecode(a), newChainIndex(a), newChainStatus(a), newChainClassify(a))
	return cmd
}

func newChainDecode(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "decode FILE…",
		Short: "Print the transactions of raw or hexadecimal blocks and transactions",
		Args:  args(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, files []string) error {
			network := a.network
			if network == "" {
				network = "mainnet"
			}
			out := bufio.NewWriterSize(a.out, 1<<20)
			enc := json.NewEncoder(out)
			enc.SetEscapeHTML(false)
			var failed error
			for _, file := range files {
				if err := decodeFile(cmd.Context(), file, network, enc); err != nil {
					failed = errors.Join(failed, err)
				}
			}
			return errors.Join(failed, out.Flush())
		},
	}
}

func decodeFile(ctx context.Context, file, network string, enc *json.Encoder) error {
	print := func(tx *bitcoin.DecodedTx) error { return enc.Encode(tx) }
	if file == "-" {
		return bitcoin.Decode(ctx, os.Stdin, network, print)
	}
	return bitcoin.DecodeFile(ctx, file, network, print)
}

func newChainIndex(a *app) *cobra.Command {
	var blocks, transactions string
	cmd := &cobra.Command{
		Use:   "index --blocks DIR | --transactions FILE.jsonl",
		Short: "Build the ledger index of the workspace",
		Long: `Index reads the blk*.dat files of a node (with Bitcoin Core's xor.dat where there is
one), or transactions as a node or an Esplora server prints them, one JSON object a
line. The network is that of the blocks, or of the
addresses in the transactions. The old index stays until the new one is
whole.`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if (blocks == "") == (transactions == "") {
				return usageError{errors.New("name one of --blocks DIR and --transactions FILE")}
			}
			ws, conf, err := a.open()
			if err != nil {
				return err
			}
			unlock, err := ws.Lock()
			if err != nil {
				return err
			}
			defer unlock()
			progress := a.progress()
			bar := progress.Bar("ledger", "MB", 0)
			opt := bitcoin.Options{
				Network:  a.network,
				Progress: func(done, total int64) { bar.Set(done>>20, total>>20) },
			}
			var sum bitcoin.Summary
			start := time.Now()
			if blocks != "" {
				sum, err = buildBlocks(cmd.Context(), ws, blocks, opt)
			} else {
				if conf.Origin("network") != "default" {
					opt.Network = conf.Network
				}
				sum, err = buildTransactions(cmd.Context(), ws, transactions, opt)
			}
			bar.Done()
			progress.Wait()
			if err != nil {
				return err
			}
			sum.Seconds = time.Since(start).Seconds()
			if a.document() {
				return a.print(sum)
			}
			fmt.Fprintf(a.out, "%s: %d blocks, %d transactions, %d outputs\n", sum.Network, sum.Blocks, sum.Transactions, sum.Outputs)
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&blocks, "blocks", "", "folder of blk*.dat files")
	f.StringVar(&transactions, "transactions", "", "file of transactions, one JSON object a line")
	return cmd
}

func newChainStatus(a *app) *cobra.Command {
	var verify bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Tell what the ledger index holds",
		Long: `Status tells what the ledger index holds. With --verify every byte of it is compared
with the checksums made when it was built, and the first file that differs is named.
An index of up to 64 MiB is compared so whenever it is opened.`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ws, conf, err := a.open()
			if err != nil {
				return err
			}
			ledger, err := openLedger(ws, conf)
			if err != nil {
				return err
			}
			defer ledger.Close()
			if verify {
				if err := ledger.Verify(cmd.Context()); err != nil {
					return err
				}
			}
			return a.print(ledger.Summary())
		},
	}
	cmd.Flags().BoolVar(&verify, "verify", false, "compare every byte with its checksum")
	return cmd
}

// buildBlocks indexes block files under the network that their magic names.
func buildBlocks(ctx context.Context, ws *config.Workspace, blocks string, opt bitcoin.Options) (bitcoin.Summary, error) {
	network, err := bitcoin.DetectNetwork(ctx, blocks)
	if err != nil {
		return bitcoin.Summary{}, err
	}
	return bitcoin.Build(ctx, ws.Chain(network), blocks, opt)
}

func buildTransactions(ctx context.Context, ws *config.Workspace, file string, opt bitcoin.Options) (bitcoin.Summary, error) {
	in, err := open([]string{file})
	if err != nil {
		return bitcoin.Summary{}, err
	}
	defer in.Close()
	buffered := bufio.NewReaderSize(in, 1<<20)
	if opt.Network == "" {
		head, _ := buffered.Peek(1 << 20) // short input is fine
		opt.Network = bitcoin.NetworkOfAddresses(head)
	}
	return bitcoin.BuildTransactions(ctx, ws.Chain(opt.Network), buffered, opt)
}

// openLedger opens the ledger index of a workspace: the network's that was asked
// for, else the only one there is.
func openLedger(ws *config.Workspace, conf *config.Config) (*bitcoin.Index, error) {
	network := conf.Network
	if conf.Origin("network") == "default" {
		if only, ok := onlyNetwork(ws); ok {
			network = only
		}
	}
	ledger, err := bitcoin.Open(ws.Chain(network))
	if errors.Is(err, bitcoin.ErrNoIndex) {
		return nil, hinted{err, "build one with `tamga chain index --blocks DIR`"}
	}
	return ledger, err
}

func onlyNetwork(ws *config.Workspace) (string, bool) {
	var found []string
	for _, name := range bitcoin.Networks() {
		if bitcoin.Present(ws.Chain(name)) {
			found = append(found, name)
		}
	}
	return strings.Join(found, ""), len(found) == 1
}
