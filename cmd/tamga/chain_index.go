package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"tamga/chain/bitcoin"
	"tamga/internal/config"
)

func newChainIndex(a *app) *cobra.Command {
	var blocks, transactions string
	var memory config.Bytes
	cmd := &cobra.Command{
		Use:   "index --blocks DIR | --transactions FILE.jsonl",
		Short: "Build the ledger index of the workspace",
		Long: `Index reads the blk*.dat files of a node (with Bitcoin Core's xor.dat where there is
one, and with what its rev*.dat files say of the outputs that blocks spend), or
transactions as a node or an Esplora server prints them, one JSON object a line. The
network is that of the blocks, or of the addresses in the transactions.

Run again, it compares the index with its checksums, makes again what is damaged, and
takes in only what is new: block files that changed, and the layers of the index that
new blocks or a reorganisation touch. When it is interrupted, it goes on where it was.
The old index stays until the new one is whole.`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if (blocks == "") == (transactions == "") {
				return usageError{errors.New("name one of --blocks DIR and --transactions FILE")}
			}
			return a.index(memory, func(ws *config.Workspace, conf *config.Config, opt bitcoin.Options) (bitcoin.Summary, error) {
				if blocks != "" {
					opt.Verify = true
					return buildBlocks(cmd.Context(), ws, blocks, opt)
				}
				if conf.Origin("network") != "default" {
					opt.Network = conf.Network
				}
				return buildTransactions(cmd.Context(), ws, transactions, opt)
			})
		},
	}
	f := cmd.Flags()
	f.StringVar(&blocks, "blocks", "", "folder of blk*.dat files")
	f.StringVar(&transactions, "transactions", "", "file of transactions, one JSON object a line")
	memoryFlag(cmd, &memory)
	return cmd
}

func newChainSync(a *app) *cobra.Command {
	var memory config.Bytes
	cmd := &cobra.Command{
		Use:   "sync",
		Short: "Take new blocks into the ledger index",
		Long: `Sync looks at the folder of block files that the ledger index was made of, and takes
in what is new there, as chain index does. It says when nothing is. It does not read
the index again to compare it with its checksums, so it is fit to be run every few
minutes.`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.index(memory, func(ws *config.Workspace, conf *config.Config, opt bitcoin.Options) (bitcoin.Summary, error) {
				opt.Network = ""
				sum, err := bitcoin.Sync(cmd.Context(), ws.Chain(ledgerNetwork(ws, conf)), opt)
				return sum, hintNoIndex(err)
			})
		},
	}
	memoryFlag(cmd, &memory)
	return cmd
}

func memoryFlag(cmd *cobra.Command, memory *config.Bytes) {
	cmd.Flags().Var(memory, "memory", "most memory to use, like 512MiB (default: setting chain.memory, 4GiB)")
}

// index runs a build of the ledger index and prints what it did.
func (a *app) index(memory config.Bytes, build func(*config.Workspace, *config.Config, bitcoin.Options) (bitcoin.Summary, error)) error {
	ws, conf, err := a.open()
	if err != nil {
		return err
	}
	unlock, err := ws.Lock()
	if err != nil {
		return err
	}
	defer unlock()
	if memory == 0 {
		memory = conf.Chain.Memory
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(int64(memory) / 10 * 9) // what is left is for what the collector does not count
	}
	progress := a.progress()
	bar := progress.Bar("ledger", "MB", 0)
	start := time.Now()
	sum, err := build(ws, conf, bitcoin.Options{
		Network:     a.network,
		MemoryLimit: int64(memory),
		Progress:    func(done, total int64) { bar.Set(done>>20, total>>20) },
	})
	bar.Done()
	progress.Wait()
	if err != nil {
		return err
	}
	sum.Seconds = time.Since(start).Seconds()
	if sum.Discarded != "" {
		a.log.Warn("the index that was there was of no use and was built again", "reason", sum.Discarded)
	}
	a.warnUndo(sum.Undo)
	if a.document() {
		return a.print(sum)
	}
	fmt.Fprintf(a.out, "%s: %d blocks, %d transactions, %d outputs", sum.Network, sum.Blocks, sum.Transactions, sum.Outputs)
	switch {
	case sum.Unchanged:
		fmt.Fprint(a.out, "; nothing is new")
	case sum.Kept > 0 || sum.Replaced > 0:
		fmt.Fprintf(a.out, "; %d blocks added, %d replaced", sum.Added, sum.Replaced)
	}
	fmt.Fprintln(a.out, undoText(sum.Undo))
	return nil
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
