// Package child runs a program beside this one for tests: a node, a search server,
// a relay.
//
// Invariants. On Linux a child ends when this process does, whatever ends it. It is
// ended by its own pid, or by the process group that it leads, never by a name.
package child

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"time"
)

// tailSize is how much of the end of a child's output Tail returns, in bytes.
const tailSize = 4000

// Process is a running child.
type Process struct {
	// Exited is closed when it is gone.
	Exited <-chan struct{}

	cmd    *exec.Cmd
	output string
}

// Start starts a command whose output goes to a file. What the command says of its
// process (user, group) stands.
func Start(cmd *exec.Cmd, output string) (*Process, error) {
	out, err := os.Create(output)
	if err != nil {
		return nil, err
	}
	cmd.Stdout, cmd.Stderr = out, out
	endWithParent(cmd)
	started, exited := make(chan error), make(chan struct{})
	// The kernel takes the thread that started a child for its parent, so that
	// thread is kept until the child is gone.
	go func() {
		defer out.Close()
		runtime.LockOSThread() // never unlocked: the thread goes with the child
		err := cmd.Start()
		started <- err
		if err == nil {
			cmd.Wait()
		}
		close(exited)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return &Process{Exited: exited, cmd: cmd, output: output}, nil
}

// Tail is the end of what the child printed.
func (p *Process) Tail() string { return Tail(p.output) }

// Tail is the end of a file, or why it cannot be read.
func Tail(file string) string {
	f, err := os.Open(file)
	if err != nil {
		return err.Error()
	}
	defer f.Close()
	if fi, err := f.Stat(); err == nil && fi.Size() > tailSize {
		f.Seek(-tailSize, io.SeekEnd)
	}
	b, err := io.ReadAll(f)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// End asks the child to end, kills it if it has not within grace, and returns when
// it is gone.
func (p *Process) End(grace time.Duration) error {
	interrupt(p.cmd)
	select {
	case <-p.Exited:
		return nil
	case <-time.After(grace):
	}
	if err := kill(p.cmd); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("end %s: %w", p.cmd.Path, err)
	}
	<-p.Exited
	return nil
}

// FreePorts finds TCP ports of the loopback interface that nobody listens on.
func FreePorts(n int) (ports []int, err error) {
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close() // together, so that no port comes twice
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}
