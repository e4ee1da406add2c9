package extract

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"tamga"
)

// TestPublicKey reads one key in the ways that pages and people break it.
func TestPublicKey(t *testing.T) {
	made := time.Date(2024, 3, 1, 0, 0, 0, 0, time.UTC)
	e, err := openpgp.NewEntity("Nobody", "", "nobody@example.org", &packet.Config{
		Algorithm: packet.PubKeyAlgoEdDSA, KeyLifetimeSecs: 86400, Time: func() time.Time { return made },
	})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w, err := armor.Encode(&b, "PGP PUBLIC KEY BLOCK", map[string]string{"Version": "Nowhere 1.0"})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Serialize(w); err != nil {
		t.Fatal(err)
	}
	w.Close()
	want := strings.ToUpper(hex.EncodeToString(e.PrimaryKey.Fingerprint))
	block := b.String()
	r := newReader(t)
	for name, text := range map[string]string{
		"as made":    block,
		"no breaks":  strings.ReplaceAll(block, "\n", ""),
		"blanks":     strings.ReplaceAll(block, "\n", " "),
		"CRLF":       strings.ReplaceAll(block, "\n", "\r\n"),
		"tags":       strings.ReplaceAll(block, "\n", "<br />\n"),
		"references": strings.NewReplacer("+", "&#43;", "/", "&#x2F;", "=", "&#61;").Replace(block),
		"quoted":     "> " + strings.ReplaceAll(block, "\n", "\n> "),
		"rewrapped":  strings.ReplaceAll(block, "A", "A\n"),
	} {
		if name == "rewrapped" { // the marks themselves stay whole
			head, body, _ := strings.Cut(block, "\n\n")
			body, tail, _ := strings.Cut(body, "-----END")
			text = head + "\n\n" + strings.ReplaceAll(body, "A", "A\n") + "-----END" + tail
		}
		found, _ := r.Text(text)
		checkSpans(t, text, found)
		k := firstOf(found, tamga.FindPGP)
		if k == nil || k.Value != want || k.Created != "2024-03-01T00:00:00Z" || k.Expires != "2024-03-02T00:00:00Z" || len(k.UserIDs) != 1 || k.UserIDs[0] != "Nobody <nobody@example.org>" {
			t.Errorf("%s: %+v, want %s", name, k, want)
		}
	}
	text := "PGP fingerprint: " + want[:4] + " " + want[4:8] + " " + want[8:12] + " " + want[12:16] + " " + want[16:20] + "  " + want[20:24] + " " + want[24:28] + " " + want[28:32] + " " + want[32:36] + " " + want[36:]
	found, _ := r.Text(text)
	if k := firstOf(found, tamga.FindPGP); k == nil || k.Value != want || k.Kind != "fingerprint" {
		t.Errorf("%q: %+v", text, k)
	}
}

func FuzzReadKey(f *testing.F) {
	f.Add("mQENBFLWXK4BCAC5Zm9vYmFyZm9vYmFy")
	f.Add("Version: x<br>xjMEZeEJABYJKwYBBAHaRw8BAQdA&#43;")
	f.Fuzz(func(t *testing.T, s string) {
		k, _ := readKey(s)
		if n := len(k.fingerprint); n != 0 && n != 32 && n != 40 && n != 64 {
			t.Fatalf("fingerprint %q", k.fingerprint)
		}
	})
}
