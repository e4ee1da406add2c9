package dashboards

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// webFiles lists the regular files under dir of web, as slash paths.
func webFiles(t *testing.T, root, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(filepath.Join(root, dir), func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(root, p)
		out = append(out, filepath.ToSlash(rel))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// digestFiles is the digest of stamp.mjs.
func digestFiles(t *testing.T, root string, names []string) string {
	t.Helper()
	slices.Sort(names)
	all := sha256.New()
	for _, n := range names {
		b, err := os.ReadFile(filepath.Join(root, n))
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(b)
		fmt.Fprintf(all, "%s  %s\n", hex.EncodeToString(sum[:]), n)
	}
	return hex.EncodeToString(all.Sum(nil))
}

// The committed application is the one that its sources make.
func TestDistIsFresh(t *testing.T) {
	b, err := os.ReadFile("dist/build.json")
	if err != nil {
		t.Fatal(err)
	}
	var stamp struct{ Inputs, Outputs string }
	if err := json.Unmarshal(b, &stamp); err != nil {
		t.Fatal(err)
	}
	inputs := []string{"index.html", "package.json", "package-lock.json", "vite.config.js", "stamp.mjs"}
	inputs = append(inputs, webFiles(t, "web", "src")...)
	inputs = append(inputs, webFiles(t, "web", "public")...)
	if got := digestFiles(t, "web", inputs); got != stamp.Inputs {
		t.Errorf("dashboards/web changed since dashboards/dist was built: run make web")
	}
	outputs := slices.DeleteFunc(webFiles(t, "dist", "."), func(n string) bool { return n == "build.json" })
	if got := digestFiles(t, "dist", outputs); got != stamp.Outputs {
		t.Errorf("dashboards/dist was changed by hand: run make web")
	}
}

// The page makes no markup of strings, and names no other origin or machine.
func TestWebSourceMakesNoMarkup(t *testing.T) {
	sinks := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|\{@html|document\.write|DOMParser|createContextualFragment|\beval\(|new Function|srcdoc|<iframe|javascript:`)
	for _, n := range webFiles(t, "web", "src") {
		b, err := os.ReadFile(filepath.Join("web", n))
		if err != nil {
			t.Fatal(err)
		}
		if m := sinks.Find(b); m != nil {
			t.Errorf("web/%s has %q", n, m)
		}
		if m := regexp.MustCompile(`https?://[^\s'"$]+`).Find(b); m != nil && !strings.HasPrefix(string(m), "http://www.w3.org/") {
			t.Errorf("web/%s names %s", n, m)
		}
	}
	lock, err := os.ReadFile("web/package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(lock), `"resolved"`) {
		t.Errorf("web/package-lock.json names the registry it was made with")
	}
}

// Both catalogues say everything, with the same values to fill in.
func TestCataloguesMatch(t *testing.T) {
	read := func(name string) map[string]any {
		b, err := os.ReadFile("web/src/locales/" + name)
		if err != nil {
			t.Fatal(err)
		}
		var m map[string]any
		if err := json.Unmarshal(b, &m); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return m
	}
	holes := regexp.MustCompile(`\{\w+\}`)
	filled := func(v any) []string {
		if m, ok := v.(map[string]any); ok {
			v = m["other"]
		}
		h := holes.FindAllString(fmt.Sprint(v), -1)
		slices.Sort(h)
		return h
	}
	en, ru := read("en.json"), read("ru.json")
	for k, v := range en {
		w, ok := ru[k]
		if !ok {
			t.Errorf("ru.json lacks %s", k)
		} else if !slices.Equal(filled(v), filled(w)) {
			t.Errorf("%s: values %v in English, %v in Russian", k, filled(v), filled(w))
		}
	}
	for k := range ru {
		if _, ok := en[k]; !ok {
			t.Errorf("en.json lacks %s", k)
		}
	}
	// Every key the sources name is there.
	named := regexp.MustCompile(`\bt\('([a-z][\w.-]*[\w-])'[),]`)
	for _, n := range webFiles(t, "web", "src") {
		b, err := os.ReadFile(filepath.Join("web", n))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range named.FindAllStringSubmatch(string(b), -1) {
			if _, ok := en[m[1]]; !ok {
				t.Errorf("web/%s: no message %s", n, m[1])
			}
		}
	}
}
