package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"os"

	"github.com/spf13/cobra"

	"tamga"
	"tamga/chain/bitcoin"
	"tamga/chain/coinjoin"
)

func newChainClassify(a *app) *cobra.Command {
	var lines bool
	cmd := &cobra.Command{
		Use:   "classify --jsonl FILE",
		Short: "Say which transactions several owners made together",
		Long: `Classify reads transactions as a node or an Esplora server prints them, one JSON
object a line (- is standard input), and says of each whether it is a coinjoin, of
which kind, and whether clustering must abstain from it. What is not known of a
transaction (prevouts, height) withholds only the rules that need it.`,
		Args: args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, files []string) error {
			if !lines {
				return usageError{errors.New("say --jsonl: transactions are read one a line")}
			}
			in := io.Reader(os.Stdin)
			if files[0] != "-" {
				f, err := os.Open(files[0])
				if err != nil {
					return err
				}
				defer f.Close()
				in = f
			}
			out := bufio.NewWriterSize(a.out, 1<<20)
			enc := json.NewEncoder(out)
			err := bitcoin.ReadTransactions(cmd.Context(), in, a.network, func(tx *tamga.Tx, network string) error {
				return enc.Encode(coinjoin.Classify(tx, network))
			})
			return errors.Join(err, out.Flush())
		},
	}
	cmd.Flags().BoolVar(&lines, "jsonl", false, "one transaction a line, one answer a line")
	return cmd
}
