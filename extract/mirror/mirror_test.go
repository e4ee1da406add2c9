package mirror

import (
	"bytes"
	"fmt"
	"html"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

var (
	made = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	a    = strings.Repeat("a", 56) + ".onion"
	b    = strings.Repeat("b", 56) + ".onion"
)

func newKey(t testing.TB, name string, lifetime uint32) *openpgp.Entity {
	t.Helper()
	e, err := openpgp.NewEntity(name, "", "demo@example.org", &packet.Config{Algorithm: packet.PubKeyAlgoEdDSA, Time: func() time.Time { return made }, KeyLifetimeSecs: lifetime})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func sign(t testing.TB, e *openpgp.Entity, at time.Time, text string) string {
	t.Helper()
	var out bytes.Buffer
	w, err := clearsign.Encode(&out, e.PrivateKey, &packet.Config{Time: func() time.Time { return at }})
	if err != nil {
		t.Fatal(err)
	}
	w.Write([]byte(text))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func public(t testing.TB, e *openpgp.Entity) string {
	t.Helper()
	var out bytes.Buffer
	w, err := armor.Encode(&out, openpgp.PublicKeyType, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Serialize(w); err != nil {
		t.Fatal(err)
	}
	w.Close()
	return out.String() + "\n"
}

func TestLists(t *testing.T) {
	ours, theirs, old := newKey(t, "Demo Market", 0), newKey(t, "Demo Market", 0), newKey(t, "Demo Market", 3600)
	key, err := ReadKey([]byte(public(t, ours)))
	if err != nil {
		t.Fatal(err)
	}
	expiring, err := ReadKey([]byte(public(t, old)))
	if err != nil {
		t.Fatal(err)
	}
	at := made.Add(48 * time.Hour)
	text := "Our mirrors:\n\nhttp://" + a + "/\n- " + b + " <spare>   \nhttps://clear.example/x?y=1&z=2\n"
	signed := sign(t, ours, made.Add(time.Hour), text)
	if !strings.Contains(signed, a) {
		t.Fatal(signed)
	}
	want := []string{a, b, "clear.example"}
	for name, x := range map[string]struct {
		page    string
		key     *Key
		verdict string
	}{
		"as it is":         {signed, key, Verified},
		"within text":      {"Hello\n\n" + signed + "\nhttp://" + strings.Repeat("e", 56) + ".onion/\n", key, Verified},
		"CRLF":             {strings.ReplaceAll(signed, "\n", "\r\n"), key, Verified},
		"in a page":        {"<html><pre>" + html.EscapeString(signed) + "</pre>", key, Verified},
		"with line breaks": {"<p>" + strings.ReplaceAll(html.EscapeString(signed), "\n", "<br/>\n") + "</p>", key, Verified},
		"on one line":      {"<p>" + strings.ReplaceAll(html.EscapeString(signed), "\n", "<br>") + "</p>", key, Verified},
		"no key":           {signed, nil, Claimed},
		"an address more":  {strings.Replace(signed, "https://clear.example/x", "https://clear.exampIe/x", 1), key, Bad},
		"another's":        {sign(t, theirs, made.Add(time.Hour), text), key, Other},
		"key has expired":  {sign(t, old, made.Add(time.Minute), text), expiring, Expired},
		"no signature":     {"-----BEGIN PGP SIGNED MESSAGE-----\n\n" + text + "-----END PGP SIGNATURE-----", key, Bad},
		"torn":             {strings.Replace(signed, "-----BEGIN PGP SIGNATURE-----", "-----BEGIN PGP SIGNATURE", 1), key, Bad},
		"unknown hash":     {strings.Replace(signed, "Hash: ", "Hash: MD4, ", 1), key, Bad},
	} {
		got := Lists([]byte(x.page), x.key, at)
		if len(got) != 1 || got[0].Verdict != x.verdict || x.verdict == Verified && (!slices.Equal(got[0].Hosts, want) || got[0].Key != key.Fingerprints()[0] || !got[0].Signed.Equal(made.Add(time.Hour)) || got[0].Detail != "") {
			t.Errorf("%s: %+v, want %s %q", name, got, x.verdict, want)
		} else if x.verdict != Verified && got[0].Detail == "" {
			t.Errorf("%s: %+v does not say why", name, got)
		}
	}
	if got := Lists([]byte(sign(t, old, made.Add(time.Minute), text)), expiring, made.Add(30*time.Minute)); len(got) != 1 || got[0].Verdict != Verified {
		t.Errorf("before the key expired: %+v", got)
	}
	// What follows a good signature, or comes before it, is not of the list.
	mixed := "http://" + strings.Repeat("e", 56) + ".onion\n" + signed
	if got := Lists([]byte(mixed), key, at); len(got) != 1 || !slices.Equal(got[0].Hosts, want) {
		t.Errorf("%+v", got)
	}
	if got := Lists([]byte(strings.Repeat(signed, 20)), key, at); len(got) != maxBlocks {
		t.Errorf("%d lists", len(got))
	}
	if got := Lists([]byte(sign(t, ours, made, "no address here\n")), key, at); got != nil {
		t.Errorf("a list of nothing: %+v", got)
	}
}

func TestFindKey(t *testing.T) {
	e, other := newKey(t, "Demo Market", 0), newKey(t, "Other", 0)
	print, ok := ParseFingerprint("0x" + strings.ToLower(fingerprint(e)))
	if !ok || print != fingerprint(e) {
		t.Fatalf("fingerprint %q", print)
	}
	for name, page := range map[string]string{
		"text":  public(t, other) + public(t, e),
		"HTML":  "<html><body><pre>" + html.EscapeString(public(t, e)) + "</pre>",
		"lines": strings.ReplaceAll(public(t, e), "\n", "<br>\n"),
	} {
		if k := FindKey([]byte(page), print); k == nil || k.Fingerprints()[0] != print {
			t.Errorf("%s: %v", name, k)
		}
	}
	for name, page := range map[string]string{
		"another's": public(t, other), "nothing": "", "torn": public(t, e)[:200], "too long": keyBegin + strings.Repeat("\nAAAA", maxBlock) + "\n" + keyEnd,
	} {
		if k := FindKey([]byte(page), print); k != nil {
			t.Errorf("%s: %v", name, k)
		}
	}
	for _, s := range []string{"", "keys/demo.asc", strings.Repeat("Z", 40), strings.Repeat("A", 39)} {
		if got, ok := ParseFingerprint(s); ok {
			t.Errorf("%q is read as %q", s, got)
		}
	}
	if _, err := ReadKey([]byte("nothing")); err == nil {
		t.Error("a key was read from nothing")
	}
}

func TestOnionLocation(t *testing.T) {
	for _, x := range []struct{ header, page, want string }{
		{"http://" + a + "/x", "", a},
		{"https://www." + a, "", "www." + a},
		{"http://" + a + ":8080/", "", a + ":8080"},
		{" http://" + strings.ToUpper(a) + " ", "", a},
		{"http://" + a, `<meta http-equiv="onion-location" content="http://` + b + `/">`, a},
		{"", `<!doctype html><html><head><meta charset=utf-8><META HTTP-EQUIV=" Onion-Location" CONTENT="http://` + b + `/index.html"></head>`, b},
		{"", `<body><meta http-equiv="onion-location" content="http://` + b + `/">`, ""},
		{"", `<meta name="onion-location" content="http://` + b + `/">`, ""},
		{"", strings.Repeat(" ", HeadBytes) + `<meta http-equiv="onion-location" content="http://` + b + `/">`, ""},
		{"http://clear.example/", "", ""},
		{"javascript://" + a, "", ""},
		{a, "", ""},
		{"http://user:pw@" + a, "", ""},
		{"http://.onion/", "", ""},
		{"http://10.0.0.1/x.onion", "", ""},
		{"http://" + a + "/\x00", "", ""},
	} {
		h := http.Header{}
		if x.header != "" {
			h.Set("Onion-Location", x.header)
		}
		if got, ok := OnionLocation(h, []byte(x.page)); ok != (x.want != "") || ok && got != x.want {
			t.Errorf("%q, %.80q: %q, want %q", x.header, x.page, got, x.want)
		}
	}
}

func TestManyAddresses(t *testing.T) {
	var text strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&text, "http://m%d.%s/\n", i, a)
	}
	if got := addresses(text.String()); len(got) != maxAddresses || got[0] != "m0."+a {
		t.Errorf("%d addresses", len(got))
	}
}

// FuzzLists: nothing that is not signed is verified, whatever is done to a page.
func FuzzLists(f *testing.F) {
	e := newKey(f, "Demo Market", 0)
	key := &Key{openpgp.EntityList{e}}
	text := "http://" + a + "/\n"
	good := sign(f, e, made, text)
	f.Add([]byte(good))
	f.Add([]byte("<pre>" + html.EscapeString(good)))
	f.Add([]byte(public(f, e)))
	f.Add([]byte(`<meta http-equiv="onion-location" content="http://` + b + `/">`))
	f.Add([]byte(strings.Repeat(signedBegin+signedEnd, 10)))
	f.Fuzz(func(t *testing.T, page []byte) {
		for _, l := range Lists(page, key, made.Add(time.Hour)) {
			if len(l.Hosts) == 0 || len(l.Hosts) > maxAddresses {
				t.Fatalf("%+v", l)
			}
			if l.Verdict == Verified && !slices.Equal(l.Hosts, []string{a}) {
				t.Fatalf("verified, and was never signed: %q", l.Hosts)
			}
		}
		FindKey(page, fingerprint(e))
		OnionLocation(http.Header{"Onion-Location": {string(page[:min(len(page), 100)])}}, page)
		OnionLocation(nil, page)
	})
}
