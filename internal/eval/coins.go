package main

import (
	"bufio"
	"encoding/json"

	"tamga"
)

// coins counts what is read as money in the offers and vendors of a market of
// 2014, before most of the ledgers existed: an address on another chain than
// Bitcoin's or Litecoin's, a transaction or a private key is false there. The
// figure is the number a hundred megabytes.
func coins(t *table) error {
	size, wrong := 0, 0
	for _, name := range []string{"agora/items_2014-04-06.jsonl", "agora/vendors_2014-04-06.jsonl"} {
		f, err := t.open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		sc := bufio.NewScanner(f)
		for sc.Buffer(nil, 1<<24); sc.Scan(); {
			var row map[string]any
			if err := json.Unmarshal(sc.Bytes(), &row); err != nil {
				return err
			}
			for _, v := range row {
				text, ok := v.(string)
				if !ok {
					continue
				}
				size += len(text)
				fs, _ := t.reader.Text(text)
				for _, f := range fs {
					switch {
					case f.Type == tamga.FindAddress && (f.Chain == "bitcoin" || f.Chain == "litecoin"):
					case f.Type == tamga.FindAddress, f.Type == tamga.FindTxID, f.Type == tamga.FindSecret:
						wrong++
					}
				}
			}
		}
		if err := sc.Err(); err != nil {
			return err
		}
	}
	t.rows = append(t.rows, row{
		what: "false coins a hundred megabytes", set: "Agora, offers and vendors",
		got: float64(wrong) * 100e6 / float64(max(size, 1)), n: size, want: 1, atMost: true,
	})
	return nil
}
