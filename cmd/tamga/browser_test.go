package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bufio"
)

// TestBrowser walks the running demo in a real Chromium: search, facet, listing,
// provenance, capture, trace; and looks whether a stored script ran.
func TestBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("no browser with -short")
	}
	walk, err := filepath.Abs("../../dashboards/web/e2e/run.mjs")
	if err != nil {
		t.Fatal(err)
	}
	for _, need := range []string{"node", "chromium"} {
		if _, err := exec.LookPath(need); err != nil {
			t.Skipf("browser walk not run: %s is missing (make deps)", need)
		}
	}
	if _, err := os.Stat("../../dashboards/web/node_modules/playwright-core"); err != nil {
		t.Skip("browser walk not run: node packages are missing (make deps)")
	}
	bin, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	demo := exec.CommandContext(ctx, bin, "demo", "--dir", t.TempDir(), "--no-browser")
	demo.Stderr = os.Stderr
	stdout, err := demo.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := demo.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { demo.Process.Signal(os.Interrupt); demo.Wait() }()
	url := ""
	for scan := bufio.NewScanner(stdout); scan.Scan(); {
		if rest, ok := strings.CutPrefix(scan.Text(), "open  "); ok {
			url = rest
			break
		}
	}
	if url == "" {
		t.Fatal("the demo printed no address")
	}
	cmd := exec.CommandContext(ctx, "node", walk, url)
	cmd.Env = append(os.Environ(), "TAMGA_SHOTS="+shots(t), "TAMGA_HOSTILE=required")
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Errorf("browser walk: %v", err)
	}
}

// shots is where screenshots go: TAMGA_SHOTS, else a folder that is removed.
func shots(t *testing.T) string {
	if dir := os.Getenv("TAMGA_SHOTS"); dir != "" {
		return dir
	}
	return t.TempDir()
}
