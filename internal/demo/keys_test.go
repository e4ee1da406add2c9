package demo

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// TestKeys reads every vendor's key. With -update it makes the ones that are
// missing; the private half is never written.
func TestKeys(t *testing.T) {
	owner := map[string]string{}
	for _, p := range append([]persona{{name: newKey, key: laterKey}}, personas...) {
		if p.key == "" {
			continue
		}
		file := "keys/" + p.key + ".asc"
		if _, err := os.Stat(file); err != nil && *update {
			writeKey(t, file, p.name, p.key)
		}
		if owner[p.key] == "" {
			owner[p.key] = p.name
		} else if owner[p.key] != storyOld || p.name != storyNew {
			t.Errorf("%s and %s have one key", owner[p.key], p.name)
		}
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		list, err := openpgp.ReadArmoredKeyRing(bytes.NewReader(b))
		if err != nil || len(list) != 1 || list[0].PrivateKey != nil {
			t.Fatalf("%s: %d keys, %v", file, len(list), err)
		}
		for id := range list[0].Identities {
			if !strings.HasSuffix(id, "@example.org>") {
				t.Errorf("%s: user %s", file, id)
			}
		}
	}
	if len(owner) < 6 {
		t.Errorf("%d keys", len(owner))
	}
}

func writeKey(t *testing.T, file, name, mail string) {
	t.Helper()
	made := base.AddDate(-1, 0, 0)
	e, err := openpgp.NewEntity(name, "", mail+"@example.org", &packet.Config{
		Algorithm: packet.PubKeyAlgoEdDSA, Time: func() time.Time { return made },
	})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w, err := armor.Encode(&b, openpgp.PublicKeyType, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Serialize(w); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	b.WriteByte('\n')
	if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}
