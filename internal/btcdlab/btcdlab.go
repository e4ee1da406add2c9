// Package btcdlab runs a real btcd in regtest on loopback for tests. The node is
// built from the module that go.mod names.
//
// Invariants. It listens on 127.0.0.1 for JSON-RPC only: no peer can connect and it
// connects to none. The process ends with its parent, whatever ends that, and is
// ended by its own id. Keys made of the lab's seed are worth nothing outside.
package btcdlab

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"tamga/internal/child"
)

const (
	user     = "lab"
	password = "lab"
)

// Options of a node.
type Options struct {
	Dir     string // an existing empty folder
	Mining  string // regtest address that blocks pay
	NoIndex bool   // without the indexes of transactions and addresses
}

// Node is a running node.
type Node struct {
	URL            string // of its RPC
	User, Password string

	process *child.Process
}

// Binary builds btcd once for a version of the module and of Go, into the user's
// cache folder, and returns where it is. Its own go.sum decides over its
// dependencies; those that the module cache lacks are fetched as go.mod's are.
func Binary(ctx context.Context) (string, error) {
	out, err := run(ctx, "", "go", "list", "-m", "-f", "{{.Version}} {{.Dir}}", "github.com/btcsuite/btcd")
	if err != nil {
		return "", err
	}
	version, dir, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	if dir == "" {
		return "", errors.New("the module github.com/btcsuite/btcd is not in the module cache")
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	name := filepath.Join(cache, "tamga-lab", "btcd-"+version+"-"+runtime.Version())
	if _, err := os.Stat(name); err == nil {
		return name, nil
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return "", err
	}
	temp, err := os.MkdirTemp(filepath.Dir(name), "build-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(temp)
	built := filepath.Join(temp, "btcd")
	if _, err := run(ctx, dir, "go", "build", "-o", built, "."); err != nil {
		return "", err
	}
	return name, os.Rename(built, name) // whole, whoever else builds it
}

func run(ctx context.Context, dir, name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=readonly", "GOWORK=off")
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			err = fmt.Errorf("%w: %s", err, bytes.TrimSpace(exit.Stderr))
		}
		return nil, fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return out, nil
}

// Start runs a node and returns when it answers. ctx bounds the start, not the
// node.
func Start(ctx context.Context, o Options) (*Node, error) {
	binary, err := Binary(ctx)
	if err != nil {
		return nil, fmt.Errorf("build btcd: %w", err)
	}
	ports, err := child.FreePorts(1)
	if err != nil {
		return nil, err
	}
	address := fmt.Sprintf("127.0.0.1:%d", ports[0])
	n := &Node{URL: "http://" + address, User: user, Password: password}
	args := []string{
		"--regtest", "--notls", "--nolisten", "--nodnsseed", "--configfile=/dev/null",
		"--rpcuser=" + user, "--rpcpass=" + password, "--rpclisten=" + address,
		"--datadir=" + filepath.Join(o.Dir, "data"), "--logdir=" + filepath.Join(o.Dir, "log"),
		"--rpcmaxclients=64", "--rpcmaxconcurrentreqs=64",
		"--debuglevel=warn", "--blockprioritysize=0",
	}
	if o.Mining != "" {
		args = append(args, "--miningaddr="+o.Mining)
	}
	if !o.NoIndex {
		args = append(args, "--txindex", "--addrindex")
	}
	if n.process, err = child.Start(exec.Command(binary, args...), filepath.Join(o.Dir, "output")); err != nil {
		return nil, fmt.Errorf("start btcd: %w", err)
	}
	for {
		var height int64
		err := n.Call(ctx, &height, "getblockcount")
		if err == nil {
			return n, nil
		}
		select {
		case <-ctx.Done():
			n.Close()
			return nil, fmt.Errorf("start btcd: %w: %w", ctx.Err(), err)
		case <-n.process.Exited:
			return nil, fmt.Errorf("start btcd: it ended: %s", n.process.Tail())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Close ends the node.
func (n *Node) Close() error { return n.process.End(10 * time.Second) }

// Call asks the node.
func (n *Node) Call(ctx context.Context, result any, method string, params ...any) error {
	if params == nil {
		params = []any{}
	}
	body, err := json.Marshal(map[string]any{"jsonrpc": "1.0", "id": 1, "method": method, "params": params})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, n.URL, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.SetBasicAuth(n.User, n.Password)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	var r struct {
		Result json.RawMessage
		Error  *struct{ Message string }
	}
	if err := json.Unmarshal(b, &r); err != nil {
		return fmt.Errorf("%s: %s: %w", method, res.Status, err)
	}
	if r.Error != nil {
		return fmt.Errorf("%s: %s", method, r.Error.Message)
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal(r.Result, result)
}
