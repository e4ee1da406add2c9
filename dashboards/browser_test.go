package dashboards

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestBrowser walks the interface over the invented workspace in a real
// Chromium (web/e2e/run.mjs): what it shows, that hostile markup stays text,
// that the policy is never violated, that axe finds nothing.
func TestBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("short")
	}
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("not run: no node; scripts/deps.sh installs it")
	}
	browser := os.Getenv("CHROMIUM")
	if browser == "" {
		browser = "/usr/bin/chromium"
	}
	for _, need := range []string{browser, "web/node_modules/playwright-core", "web/node_modules/axe-core"} {
		if _, err := os.Stat(need); err != nil {
			t.Skipf("not run: no %s; scripts/deps.sh installs it", need)
		}
	}
	s := newFakeServer(t, Options{})
	ctx, cancel := context.WithTimeout(context.Background(), 8*time.Minute)
	defer cancel()
	links, done := make(chan string, 1), make(chan error, 1)
	go func() { done <- s.Serve(ctx, "127.0.0.1:0", func(link string) { links <- link }) }()
	cmd := exec.CommandContext(ctx, node, "e2e/run.mjs", <-links)
	cmd.Dir = "web"
	cmd.Env = append(os.Environ(), "TAMGA_HOSTILE=required", "TAMGA_TRACE=", "TAMGA_FAN="+fakeFan, "CHROMIUM="+browser)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, failed(string(out)))
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestFlow runs the tests of the trace's drawing (web/e2e/flow.test.mjs).
func TestFlow(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("not run: no node; scripts/deps.sh installs it")
	}
	cmd := exec.CommandContext(t.Context(), node, "--test", "e2e/flow.test.mjs")
	cmd.Dir = "web"
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// failed keeps the lines that are not of a passed check.
func failed(out string) string {
	var keep []string
	for line := range strings.Lines(out) {
		if !strings.HasPrefix(line, "ok ") {
			keep = append(keep, line)
		}
	}
	return strings.Join(keep, "")
}
