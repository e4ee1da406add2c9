package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func none(string) (string, bool) { return "", false }

func write(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), FileName)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestPrecedence(t *testing.T) {
	file := write(t, "operator = 'file'\n[crawl]\nparallel = 7\n")
	env := map[string]string{"TAMGA_OPERATOR": "env", "TAMGA_CRAWL_DELAY": "250ms"}
	c, err := Load(file, func(k string) (string, bool) { v, ok := env[k]; return v, ok })
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Set("crawl.workers", "3", "flag"); err != nil {
		t.Fatal(err)
	}
	want := map[string][2]string{
		"operator":       {"env", "TAMGA_OPERATOR"},
		"crawl.parallel": {"7", "file"},
		"crawl.delay":    {"250ms", "TAMGA_CRAWL_DELAY"},
		"crawl.workers":  {"3", "flag"},
		"index.engine":   {"bleve", "default"},
	}
	for _, s := range c.Settings() {
		if w, ok := want[s.Key]; ok && (s.Value != w[0] || s.Origin != w[1]) {
			t.Errorf("%s = %s from %s, want %s from %s", s.Key, s.Value, s.Origin, w[0], w[1])
		}
		delete(want, s.Key)
	}
	if len(want) > 0 {
		t.Errorf("not listed: %v", want)
	}
}

func TestBadSettings(t *testing.T) {
	for text, want := range map[string]string{
		"[crawl]\nspeed = 3\n":       "crawl.speed",
		"network = 'mainet'\n":       "mainet",
		"[index]\nengine = 'solr'\n": "solr",
		"[crawl]\ndelay = 'soon'\n":  "soon",
		"[crawl\n":                   "",
	} {
		_, err := Load(write(t, text), none)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want one that names %q", text, err, want)
		}
	}
}

func TestSecretIsHidden(t *testing.T) {
	c, err := Load(write(t, "[index]\npassword = 'hunter2'\n"), none)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range c.Settings() {
		if strings.Contains(s.Value, "hunter2") {
			t.Errorf("%s shows the secret", s.Key)
		}
	}
	if c.Index.Password != "hunter2" {
		t.Error("the secret itself was lost")
	}
}

func TestTemplateIsValid(t *testing.T) {
	w, err := Create(filepath.Join(t.TempDir(), "ws"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Load(w.File(), none); err != nil {
		t.Error(err)
	}
	if _, err := Create(w.Dir); err == nil {
		t.Error("a workspace was created over another")
	}
}

func TestLockIsExclusive(t *testing.T) {
	w, err := Create(t.TempDir() + "/ws")
	if err != nil {
		t.Fatal(err)
	}
	unlock, err := w.Lock()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Lock(); !errors.Is(err, ErrLocked) {
		t.Errorf("second lock: %v, want ErrLocked", err)
	}
	unlock()
	if unlock, err = w.Lock(); err != nil {
		t.Errorf("after unlock: %v", err)
	} else {
		unlock()
	}
}

func TestFindGoesUp(t *testing.T) {
	w, err := Create(t.TempDir() + "/ws")
	if err != nil {
		t.Fatal(err)
	}
	deep := filepath.Join(w.Dir, "a", "b")
	if err := os.MkdirAll(deep, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Chdir(deep)
	if got, err := Find(""); err != nil || filepath.Base(got.Dir) != "ws" {
		t.Errorf("Find from below: %v, %v", got, err)
	}
	t.Chdir(t.TempDir())
	if _, err := Find(""); !errors.Is(err, ErrNoWorkspace) {
		t.Errorf("Find outside: %v, want ErrNoWorkspace", err)
	}
}
