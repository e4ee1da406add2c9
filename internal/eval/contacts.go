package main

import (
	"bufio"
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"tamga"
)

//go:embed testdata/contacts.jsonl
var contactLines []byte

// contacts measures contacts, phones, payment accounts and onion names on lines
// of invented ones with what each must give, many of them nothing; and the share
// of real public keys that can be read.
func contacts(t *table) error {
	right, found, wanted := 0, 0, 0
	s := bufio.NewScanner(bytes.NewReader(contactLines))
	for s.Scan() {
		var line struct {
			Text string
			Want []string
		}
		if err := json.Unmarshal(s.Bytes(), &line); err != nil {
			return fmt.Errorf("contacts.jsonl: %w", err)
		}
		want := map[string]bool{}
		for _, w := range line.Want {
			want[w] = true
		}
		wanted += len(want)
		got := map[string]bool{}
		fs, _ := t.reader.Text(line.Text)
		for _, f := range fs {
			switch f.Type {
			case tamga.FindHandle, tamga.FindAccount, tamga.FindPhone, tamga.FindEmail, tamga.FindOnion:
			default:
				continue
			}
			value := f.Value
			if f.Raw == "" { // a card: what is shown of it
				value, _, _ = strings.Cut(value, " ")
			}
			key := fmt.Sprintf("%s %s %s", f.Type, f.Service, value)
			if got[key] {
				continue
			}
			got[key] = true
			found++
			if want[key] {
				right++
			} else if os.Getenv("SHOW") != "" {
				fmt.Fprintf(os.Stderr, "false: %q: %s\n", line.Text, key)
			}
		}
		for w := range want {
			if !got[w] && os.Getenv("SHOW") != "" {
				fmt.Fprintf(os.Stderr, "missed: %q: %s\n", line.Text, w)
			}
		}
	}
	t.add("contacts and accounts, precision", "synthetic, en ru kk uz", right, found, 0.99)
	t.add("contacts and accounts, recall", "synthetic, en ru kk uz", right, wanted, 0.95)
	return publicKeys(t)
}

// publicKeys is the share of whole armoured keys of set-aside vendors whose
// fingerprint is read.
func publicKeys(t *table) error {
	rows, col, err := t.csv("agora/vendor_pgp_keys.csv")
	if err != nil {
		return err
	}
	read, n := 0, 0
	for _, r := range rows {
		key := r[col["public_key"]]
		if !setAside(r[col["vendor"]]) || !strings.Contains(key, "END PGP PUBLIC KEY BLOCK") {
			continue
		}
		n++
		fs, _ := t.reader.Text(key)
		for _, f := range fs {
			if f.Type == tamga.FindPGP && f.Valid && f.Kind == "key" {
				read++
				break
			}
		}
	}
	t.add("public keys read", "Agora, unseen vendors", read, n, 0.98)
	return nil
}
