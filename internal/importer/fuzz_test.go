package importer

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// fuzz imports bytes as a kind: any is a problem at worst, and a second import of
// the same bytes seals nothing.
func fuzz(f *testing.F, kind Kind, seeds ...string) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	_, a := archive(f)
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(dir, "x")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Detect(path); err != nil && os.IsNotExist(err) {
			t.Fatal(err)
		}
		once := func() Summary {
			var sum Summary
			im := &Importer{Archive: a, Now: func() time.Time { return time.Unix(1_700_000_000, 0) }}
			if err := im.Import(context.Background(), path, kind, &sum); err != nil {
				t.Fatal(err)
			}
			return sum
		}
		once()
		if n, sum := a.Len(), once(); sum.Captured != 0 || a.Len() != n {
			t.Fatalf("the second time %d were captured, the log grew by %d", sum.Captured, a.Len()-n)
		}
	})
}

func FuzzTelegram(f *testing.F) { fuzz(f, KindTelegram, telegramSample) }
func FuzzDiscord(f *testing.F)  { fuzz(f, KindDiscord, discordSample) }
func FuzzHAR(f *testing.F)      { fuzz(f, KindHAR, harSample) }
func FuzzMbox(f *testing.F)     { fuzz(f, KindMbox, mboxSample) }
func FuzzHTML(f *testing.F) {
	fuzz(f, KindHTML, "<!-- saved from url=(0030)http://demo.example.onion/item/1 --><html><link rel=canonical href=http://demo.example/>")
}
func FuzzWARC(f *testing.F) { fuzz(f, KindWARC, warcSample(), zipped(warcRecords()...)) }
func FuzzWACZ(f *testing.F) { fuzz(f, KindWACZ, string(waczSample(f, nil))) }
