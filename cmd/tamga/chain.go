package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tamga/chain/bitcoin"
	"tamga/internal/config"
)

func newChain(a *app) *cobra.Command {
	cmd := &cobra.Command{Use: "chain", Short: "Decode blocks, and index a ledger for traces"}
	cmd.AddCommand(newChainDecode(a), newChainIndex(a), newChainSync(a), newChainStatus(a), newChainClassify(a), newChainTransfers(a), newChainDeposits(a))
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
			if err := knownNetwork(network); err != nil {
				return err
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

// openLedger opens the ledger index of a workspace: the network's that was asked
// for, else the only one there is.
func openLedger(ws *config.Workspace, conf *config.Config) (*bitcoin.Index, error) {
	network := ledgerNetwork(ws, conf)
	if err := knownNetwork(network); err != nil {
		return nil, err
	}
	ledger, err := bitcoin.Open(ws.Chain(network))
	return ledger, hintNoIndex(err)
}

func ledgerNetwork(ws *config.Workspace, conf *config.Config) string {
	if conf.Origin("network") == "default" {
		if only, ok := onlyNetwork(ws); ok {
			return only
		}
	}
	return conf.Network
}

func hintNoIndex(err error) error {
	if errors.Is(err, bitcoin.ErrNoIndex) {
		return hinted{err, "build one with `tamga chain index --blocks DIR`"}
	}
	return err
}

func knownNetwork(name string) error {
	if all := bitcoin.Networks(); !slices.Contains(all, name) {
		return usageError{fmt.Errorf("no network %q: want %s", name, strings.Join(all, ", "))}
	}
	return nil
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
