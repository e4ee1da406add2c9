// Package gethtest runs the program against a real geth. It is a module of its
// own, so that nothing of go-ethereum comes into the program: geth and the program
// are built as binaries, and only the test speaks both languages.
//
// Invariants. The node listens on 127.0.0.1 alone, for JSON-RPC only: no peer can
// connect and it connects to none. It ends with its parent, whatever ends that, and
// is ended by its own id. Its key is geth's published one for development chains.
package gethtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/ethereum/go-ethereum/ethclient"
)

// Geth builds geth once for a version of the module and of Go, into the user's
// cache folder, and returns where it is.
func Geth(ctx context.Context) (string, error) {
	version, err := run(ctx, ".", "go", "list", "-m", "-f", "{{.Version}}", "github.com/ethereum/go-ethereum")
	if err != nil {
		return "", err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	name := filepath.Join(cache, "tamga-lab", "geth-"+strings.TrimSpace(version)+"-"+runtime.Version())
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
	built := filepath.Join(temp, "geth")
	if _, err := run(ctx, ".", "go", "build", "-trimpath", "-o", built, "github.com/ethereum/go-ethereum/cmd/geth"); err != nil {
		return "", err
	}
	return name, os.Rename(built, name) // whole, whoever else builds it
}

func run(ctx context.Context, dir, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0")
	var out, problem bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problem
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, bytes.TrimSpace(problem.Bytes()))
	}
	return out.String(), nil
}

// Node is a running development chain.
type Node struct {
	URL    string
	Client *ethclient.Client

	cmd    *exec.Cmd
	exited chan struct{}
	log    string
}

// Start runs a node with its data in dir and returns when it answers. modules are
// what its RPC offers. ctx bounds the start, not the node.
func Start(ctx context.Context, dir, modules string) (*Node, error) {
	binary, err := Geth(ctx)
	if err != nil {
		return nil, fmt.Errorf("build geth: %w", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	l.Close()
	if err != nil {
		return nil, err
	}
	n := &Node{URL: "http://127.0.0.1:" + port, exited: make(chan struct{}), log: filepath.Join(dir, "output")}
	n.cmd = exec.Command(binary,
		"--dev", "--datadir", filepath.Join(dir, "data"), "--gcmode", "archive",
		"--http", "--http.addr", "127.0.0.1", "--http.port", port, "--http.api", modules,
		"--port", "0", "--nodiscover", "--maxpeers", "0", "--nat", "none", "--ipcdisable", "--authrpc.port", "0",
		"--verbosity", "2", "--cache", "128",
	)
	if err := n.launch(); err != nil {
		return nil, fmt.Errorf("start geth: %w", err)
	}
	if n.Client, err = ethclient.Dial(n.URL); err != nil {
		n.Close()
		return nil, err
	}
	for {
		_, err := n.Client.BlockNumber(ctx)
		if err == nil {
			return n, nil
		}
		select {
		case <-ctx.Done():
			n.Close()
			return nil, fmt.Errorf("start geth: %w: %w", ctx.Err(), err)
		case <-n.exited:
			return nil, errors.New("start geth: it ended: " + n.tail())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// launch starts the process. The kernel ends it when the thread that started it
// ends, so that thread is kept until the process is gone.
func (n *Node) launch() error {
	out, err := os.Create(n.log)
	if err != nil {
		return err
	}
	n.cmd.Stdout, n.cmd.Stderr = out, out
	endWithParent(n.cmd)
	started := make(chan error)
	go func() {
		defer out.Close()
		runtime.LockOSThread() // never unlocked: the thread goes with the process
		err := n.cmd.Start()
		started <- err
		if err == nil {
			n.cmd.Wait()
		}
		close(n.exited)
	}()
	return <-started
}

func (n *Node) tail() string {
	b, err := os.ReadFile(n.log)
	if err != nil {
		return err.Error()
	}
	return string(b[max(0, len(b)-500):])
}

// Close ends the node.
func (n *Node) Close() {
	if n.Client != nil {
		n.Client.Close()
	}
	n.cmd.Process.Signal(os.Interrupt)
	select {
	case <-n.exited:
	case <-time.After(10 * time.Second):
		n.cmd.Process.Kill()
		<-n.exited
	}
}
