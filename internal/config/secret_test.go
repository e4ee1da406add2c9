package config

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
)

func TestSecretKey(t *testing.T) {
	w := &Workspace{t.TempDir()}
	keys := make([]string, 8)
	var all sync.WaitGroup
	for i := range keys {
		all.Go(func() {
			k, err := w.SecretKey()
			if err != nil {
				t.Error(err)
			}
			keys[i] = string(k)
		})
	}
	all.Wait()
	for _, k := range keys {
		if len(k) != secretKeySize || k != keys[0] {
			t.Fatalf("keys of one workspace differ: %x, %x", k, keys[0])
		}
	}
	name := filepath.Join(w.Dir, "keys", "secret.key")
	info, err := os.Stat(name)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if left, _ := filepath.Glob(filepath.Join(w.Dir, "keys", "secret-*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	if other, _ := (&Workspace{t.TempDir()}).SecretKey(); string(other) == keys[0] {
		t.Error("two workspaces have one key")
	}
	if err := os.WriteFile(name, []byte("short\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := w.SecretKey(); err == nil {
		t.Error("a damaged key is used")
	}
}
