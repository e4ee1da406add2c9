package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// binary builds the program once, as a user would, without the race detector:
// the tests that crawl a whole market or kill it run the real thing.
var binary = sync.OnceValues(func() (string, error) {
	if bin := os.Getenv("TAMGA_TEST_BIN"); bin != "" {
		return bin, nil
	}
	dir, err := os.MkdirTemp("", "tamga-bin-")
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "tamga")
	out, err := exec.Command("go", "build", "-o", file, ".").CombinedOutput()
	if err != nil {
		return "", errors.New(string(out))
	}
	return file, nil
})

// cli is the built program in one workspace.
type cli struct {
	t   testing.TB
	bin string
	ws  string
	env []string
}

func newCLI(t testing.TB) *cli {
	t.Helper()
	bin, err := binary()
	if err != nil {
		t.Fatalf("build: %v", err)
	}
	c := &cli{t: t, bin: bin, ws: filepath.Join(t.TempDir(), "ws")}
	c.run("init", c.ws)
	return c
}

func (c *cli) command(args ...string) *exec.Cmd {
	cmd := exec.Command(c.bin, append([]string{"--quiet"}, args...)...)
	cmd.Env = append(append(os.Environ(), "TAMGA_WORKSPACE="+c.ws), c.env...)
	return cmd
}

// run runs a verb that must succeed and returns its output.
func (c *cli) run(args ...string) []byte {
	c.t.Helper()
	out, code, stderr := c.try(args...)
	if code != 0 {
		c.t.Fatalf("tamga %v: exit %d\n%s", args, code, stderr)
	}
	return out
}

// try runs a verb and returns its output, exit code and messages.
func (c *cli) try(args ...string) ([]byte, int, string) {
	c.t.Helper()
	cmd := c.command(args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		return stdout.Bytes(), exit.ExitCode(), stderr.String()
	case err != nil:
		c.t.Fatalf("tamga %v: %v", args, err)
	}
	return stdout.Bytes(), 0, stderr.String()
}

func decodeJSON[T any](t testing.TB, b []byte) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatalf("not JSON: %v: %.200s", err, b)
	}
	return v
}

// hit is a line of `tamga search --jsonl`.
type hit struct {
	ID      string         `json:"id"`
	Kind    string         `json:"kind"`
	Fields  map[string]any `json:"fields"`
	Capture string         `json:"capture"`
}

func (c *cli) hits(args ...string) []hit {
	c.t.Helper()
	var out []hit
	for _, line := range lines(c.run(append([]string{"search", "--jsonl"}, args...)...)) {
		out = append(out, decodeJSON[hit](c.t, []byte(line)))
	}
	return out
}

type crawlSummary struct {
	Captured, Skipped, Failed, Bytes int64
	Seconds                          float64
}
