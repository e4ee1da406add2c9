package bitcoin

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"tamga"
	"tamga/chain/coinjoin"
)

// TestRecordedMixes: one real transaction of each kind, as an Esplora server
// printed it, and two that are none. The round of JoinMarket has one maker.
func TestRecordedMixes(t *testing.T) {
	dir := dataDir(t, "chain/esplora")
	for file, kind := range map[string]string{
		"wabisabi-coinjoin": coinjoin.Wasabi2, "whirlpool-coinjoin": coinjoin.Whirlpool, "joinmarket-coinjoin": coinjoin.JoinMarket,
		"batch-withdrawal-143": coinjoin.None, "dust-attack-555": coinjoin.None,
	} {
		text, err := os.ReadFile(filepath.Join(dir, file+".json"))
		if err != nil {
			t.Fatal(err)
		}
		var line bytes.Buffer
		if err := json.Compact(&line, text); err != nil {
			t.Fatal(err)
		}
		seen := 0
		err = ReadTransactions(context.Background(), &line, "mainnet", func(tx *tamga.Tx, network string) error {
			seen++
			if c := coinjoin.Classify(tx, network); c.Kind != kind || c.Abstain != (kind != coinjoin.None) {
				t.Errorf("%s: %+v", file, c)
			}
			return nil
		})
		if err != nil || seen != 1 {
			t.Errorf("%s: %d transactions, %v", file, seen, err)
		}
	}
}
