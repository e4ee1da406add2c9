package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestManualIsFresh compares docs/manual with what `make docs` writes.
func TestManualIsFresh(t *testing.T) {
	t.Setenv("TAMGA_WORKSPACE", "")
	root := newRoot()
	root.DisableAutoGenTag = true
	dir := t.TempDir()
	if err := writeManual(root, dir); err != nil {
		t.Fatal(err)
	}
	want, _ := filepath.Glob(filepath.Join(dir, "*.md"))
	have, _ := filepath.Glob("../../docs/manual/*.md")
	if len(want) != len(have) {
		t.Errorf("docs/manual has %d pages, want %d: run make docs", len(have), len(want))
	}
	for _, file := range want {
		name := filepath.Base(file)
		got, err := os.ReadFile(filepath.Join("../../docs/manual", name))
		if err != nil || string(got) != string(must(os.ReadFile(file))) {
			t.Errorf("docs/manual/%s is stale: run make docs", name)
		}
	}
}

// TestExitCodesAreDocumented reads the constants from the source.
func TestExitCodesAreDocumented(t *testing.T) {
	source := string(must(os.ReadFile("main.go")))
	page := string(must(os.ReadFile("../../docs/exit-codes.md")))
	codes := regexp.MustCompile(`exit[A-Z]\w+\s+= (\d+)`).FindAllStringSubmatch(source, -1)
	if len(codes) < 9 {
		t.Fatalf("found %d exit codes in main.go", len(codes))
	}
	for _, c := range codes {
		if n, _ := strconv.Atoi(c[1]); !strings.Contains(page, "| "+strconv.Itoa(n)+" |") {
			t.Errorf("exit code %d is not in docs/exit-codes.md", n)
		}
	}
}

// TestLinksInDocs wants every relative link of the documents to lead somewhere.
func TestLinksInDocs(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#: ]+)(#[^)]*)?\)`)
	var files []string
	for _, pattern := range []string{"../../*.md", "../../docs/*.md", "../../docs/*/*.md"} {
		files = append(files, must(filepath.Glob(pattern))...)
	}
	for _, file := range files {
		for _, m := range link.FindAllStringSubmatch(string(must(os.ReadFile(file))), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(file), m[1])); err != nil {
				t.Errorf("%s: link to %s leads nowhere", file, m[1])
			}
		}
	}
}
