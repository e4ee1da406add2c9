package outbox

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestOutbox(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "outbox")
	b, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); !errors.Is(err, ErrBusy) {
		t.Errorf("opened twice: %v", err)
	}
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, head := range []int64{1_000, 20, 3} {
		if err := b.Put(Item{Head: head, Kind: "tsr", URL: "http://TSA.example:99/a b", Queued: now}); err != nil {
			t.Fatal(err)
		}
	}
	items, err := b.Items()
	if err != nil || len(items) != 3 || items[0].Head != 3 || items[2].Head != 1000 {
		t.Fatalf("items %+v %v", items, err)
	}
	if err := b.Failed(items[1], now, errors.New("no route")); err != nil {
		t.Fatal(err)
	}
	// Asked for again, it keeps what is known of it.
	if err := errors.Join(b.Put(Item{Head: 20, Kind: "tsr", URL: items[1].URL}), b.Done(items[0]), b.Done(items[0]), b.Close()); err != nil {
		t.Fatal(err)
	}
	if b, err = Open(dir); err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if items, err = b.Items(); err != nil || len(items) != 2 || items[0].Attempts != 1 || items[0].Error != "no route" || !items[0].Last.Equal(now) {
		t.Errorf("items %+v %v", items, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "x.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Items(); err == nil {
		t.Error("a strange file is taken")
	}
}

func TestLabel(t *testing.T) {
	seen := map[string]bool{}
	for _, u := range []string{"http://a.example/x", "http://a.example/y", "https://a.example/x", "http://[::1]:8/x", "", "::", "http://ЯЯ.example/../.."} {
		l := Label(u)
		if seen[l] || l != filepath.Base(l) || l[0] == '.' || l[0] == '-' {
			t.Errorf("%q is named %q", u, l)
		}
		seen[l] = true
	}
}
