package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The lists of the day are kept with the token, in the log, and tell in years what was
// known of the authority; a later list may void it.
func TestSealRevocations(t *testing.T) {
	a := authority(t)
	lists := filepath.Join(t.TempDir(), "crl.pem")
	write := func(at time.Time, reason int) {
		t.Helper()
		if err := os.WriteFile(lists, must(a.Revocations(at, reason)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(time.Now().Add(-time.Hour), 4)
	c := withCustody(t, "tsa = [%q]\nroots = %q\ncrl = %q", a.URL, a.Root, lists)
	out, code, _ := c.try("seal", "--json")
	if r := decodeJSON[sealed](t, out); code != exitIncomplete || len(r.Stamped) != 0 || len(r.Queued) != 1 || !strings.Contains(r.Queued[0].Error, "revoked") {
		t.Fatalf("exit %d %+v", code, r)
	}
	write(time.Time{}, 0)
	r := decodeJSON[sealed](t, c.run("seal", "--json"))
	if len(r.Stamped) != 1 {
		t.Fatalf("%+v", r)
	}
	if err := os.Remove(lists); err != nil {
		t.Fatal(err)
	}
	cut := must(os.ReadFile(filepath.Join(c.ws, "tamga.toml")))
	if err := os.WriteFile(filepath.Join(c.ws, "tamga.toml"), []byte(strings.Replace(string(cut), "\ncrl =", "\n# crl =", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	v := decodeJSON[verifyReport](t, c.run("verify", "--json"))
	if !v.OK || len(v.Recovered) > 0 || len(v.Timestamps) != 2 || !strings.Contains(v.Timestamps[1].What, "not revoked, by a list of ") {
		t.Errorf("%+v", v)
	}
	wacz := filepath.Join(t.TempDir(), "case.wacz")
	c.run("export", "--wacz", wacz)
	out = c.run("verify", wacz, "--roots", a.Root)
	if !strings.Contains(string(out), "not revoked, by a list of ") {
		t.Errorf("%s", out)
	}
	token := filepath.Join(c.ws, "evidence", "log", "timestamps", r.Stamped[0].File)
	c.run("verify", token, "--roots", a.Root)
	// The token and its lists are read by the authority's own program.
	head := filepath.Join(filepath.Dir(token), r.Stamped[0].File[:12]+".head")
	if out, err := exec.Command("openssl", "ts", "-verify", "-data", head, "-in", token, "-CAfile", a.Root).CombinedOutput(); err != nil {
		t.Errorf("openssl: %v %s", err, out)
	}
	if out, err := exec.Command("openssl", "crl", "-in", strings.TrimSuffix(token, "tsr")+"crl", "-CAfile", a.Root, "-noout").CombinedOutput(); err != nil || !strings.Contains(string(out), "verify OK") {
		t.Errorf("openssl: %v %s", err, out)
	}
	// The key was lost since: whoever has it can state any time.
	write(time.Now().Add(time.Hour), 1)
	for _, args := range [][]string{{"verify", "--crl", lists}, {"verify", wacz, "--crl", lists}, {"verify", token, "--crl", lists}} {
		if out, code, _ := c.try(args...); code != exitIntegrity || !strings.Contains(string(out), "revoked") {
			t.Errorf("%v: exit %d %s", args, code, out)
		}
	}
	// Lists that were exchanged are found, in the workspace.
	if err := os.WriteFile(strings.TrimSuffix(token, "tsr")+"crl", must(a.Revocations(time.Time{}, 0)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, code, _ := c.try("verify"); code != exitIntegrity {
		t.Errorf("exit %d", code)
	}
}
