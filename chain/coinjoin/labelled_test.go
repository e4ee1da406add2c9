package coinjoin

import (
	"archive/zip"
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"tamga"
)

// dataDir is the folder of the real data, which the repository does not hold.
func dataDir(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("TAMGA_DATA")
	if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			t.Skip(err)
		}
		dir = filepath.Join(cache, "tamga-data")
	}
	return dir
}

// labelled calls fn for each transaction of a file of the labelled set, which is
// skipped where it is absent. A line is txid, block, place and time, then inputs
// {txid-n-value+script+type} and outputs {value+script+type}, parted by ":::".
func labelled(t *testing.T, archive, file string, fn func(*tamga.Tx)) {
	t.Helper()
	z, err := zip.OpenReader(filepath.Join(dataDir(t), "chain", "coinjoin", archive))
	if err != nil {
		t.Skipf("the labelled coinjoins are absent: %v", err)
	}
	defer z.Close()
	f, err := z.Open("Scanner/" + file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	scan := bufio.NewScanner(f)
	scan.Buffer(nil, 1<<24)
	for scan.Scan() {
		p := strings.Split(scan.Text(), ":::")
		if len(p) < 6 {
			continue
		}
		tx := &tamga.Tx{TxID: p[0], Height: -1}
		for _, s := range strings.Split(strings.Trim(p[4], "{}"), "}{") {
			q := strings.Split(s, "+")
			prev := strings.Split(q[0], "-")
			tx.In = append(tx.In, tamga.TxIn{
				Prev: tamga.Outpoint{TxID: prev[0]}, Known: true, Value: satoshi(t, prev[2]), Address: q[1], Type: scriptType(q[1]),
			})
		}
		for i, s := range strings.Split(strings.Trim(p[5], "{}"), "}{") {
			q := strings.Split(s, "+")
			tx.Out = append(tx.Out, tamga.TxOut{N: uint32(i), Value: satoshi(t, q[0]), Address: q[1], Type: scriptType(q[1])})
		}
		fn(tx)
	}
	if err := scan.Err(); err != nil {
		t.Fatal(err)
	}
}

func satoshi(t *testing.T, s string) tamga.Amount {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return tamga.NewAmount(n, "BTC")
}

func scriptType(hex string) string {
	switch {
	case strings.HasPrefix(hex, "0014") && len(hex) == 44:
		return witnessKey
	case strings.HasPrefix(hex, "5120"):
		return taproot
	case strings.HasPrefix(hex, "6a"):
		return "nulldata"
	}
	return "other"
}

// TestLabelledRounds: rounds of Wasabi 1, without those that the set's makers found
// to be none, and what spent their outputs.
func TestLabelledRounds(t *testing.T) {
	n, abstained, named, wrong := 0, 0, 0, 0
	false1 := notWasabi1(t)
	labelled(t, "dumplings__ww1_202405.zip", "WasabiCoinJoins.txt", func(tx *tamga.Tx) {
		c := Classify(tx, "mainnet")
		if false1[tx.TxID] {
			if c.Kind == Wasabi1 {
				wrong++
			}
			return
		}
		n++
		if c.Abstain {
			abstained++
		}
		if c.Kind == Wasabi1 {
			named++
		}
	})
	t.Logf("Wasabi 1: %d rounds, %d abstained from, %d named; %d of those labelled false named", n, abstained, named, wrong)
	if n == 0 || 100*abstained < 99*n || 2*named < n || 100*named < 97*(named+wrong) {
		t.Errorf("too few")
	}
	after, said := 0, 0
	labelled(t, "dumplings__ww1_202405.zip", "WasabiPostMixTxs.txt", func(tx *tamga.Tx) {
		after++
		if Classify(tx, "mainnet").Kind == Wasabi1 {
			said++
		}
	})
	t.Logf("after them: %d transactions, %d named Wasabi 1", after, said)
	if after == 0 || 100*said > after {
		t.Errorf("spending a mixed coin is no mix")
	}
}

// notWasabi1 are transactions that the set's makers labelled as taken for rounds of
// Wasabi 1 wrongly.
func notWasabi1(t *testing.T) map[string]bool {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dataDir(t), "chain", "coinjoin", "false_cjtxs_wasabi1.json"))
	if err != nil {
		t.Skipf("the labelled coinjoins are absent: %v", err)
	}
	var by map[string][]string
	if err := json.Unmarshal(text, &by); err != nil {
		t.Fatal(err)
	}
	all := map[string]bool{}
	for _, ids := range by {
		for _, id := range ids {
			all[id] = true
		}
	}
	return all
}
