package demo

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// The ledger is a regtest chain of about 170 blocks. It is built by the story in
// ledger_test.go and committed; a test sees that building it again gives the same
// bytes.
//
//go:generate go test -run ^TestLedger$ -update .

//go:embed ledger/blk00000.dat.gz
var blockFile []byte

// walletTable names the address of every wallet that the market mentions.
//
//go:embed ledger/wallets.tsv
var walletTable string

// storyWallet is the wallet whose money the demonstration follows.
const storyWallet = "falcon"

// exchangeWallet is the deposit address at "Exchange Nowhere" where it ends.
const exchangeWallet = "deposit"

var wallets = readWallets()

func readWallets() map[string]string {
	m := map[string]string{}
	for line := range strings.Lines(walletTable) {
		if name, addr, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
			m[name] = addr
		}
	}
	return m
}

// Wallet is the regtest address whose money the demonstration follows. It stands
// on the page at [StoryListing].
func Wallet() string { return wallets[storyWallet] }

// WriteBlocks writes the ledger into a folder as Bitcoin Core does: one file
// blk00000.dat of framed regtest blocks. The folder is made where it is missing.
func WriteBlocks(dir string) error {
	raw, err := blocks()
	if err != nil {
		return fmt.Errorf("demo ledger: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("demo ledger: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "blk00000.dat"), raw, 0o644); err != nil {
		return fmt.Errorf("demo ledger: %w", err)
	}
	return nil
}

func blocks() ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(blockFile))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}
