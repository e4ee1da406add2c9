package config

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// FileName is the settings file; a folder that holds one is a workspace.
const FileName = "tamga.toml"

// Errors that decide an exit code.
var (
	ErrNoWorkspace = errors.New("no workspace")
	ErrLocked      = errors.New("workspace is locked")
)

//go:embed tamga.toml
var template []byte

// Workspace is a folder of one investigation (docs/formats/workspace.md).
type Workspace struct{ Dir string }

// Find returns the workspace at dir or, where dir is empty, the nearest folder
// from the working directory upwards that holds tamga.toml.
func Find(dir string) (*Workspace, error) {
	if dir != "" {
		if _, err := os.Stat(filepath.Join(dir, FileName)); err != nil {
			return nil, fmt.Errorf("%w in %s: no %s there", ErrNoWorkspace, dir, FileName)
		}
		return &Workspace{dir}, nil
	}
	at, err := os.Getwd()
	if err != nil {
		return nil, fmt.Errorf("find workspace: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(at, FileName)); err == nil {
			return &Workspace{at}, nil
		}
		up := filepath.Dir(at)
		if up == at {
			return nil, fmt.Errorf("%w: no %s in this folder or above it", ErrNoWorkspace, FileName)
		}
		at = up
	}
}

// Create makes an empty workspace in dir, which may exist but may not be one.
// settings, lines of TOML, stand at the top of its file.
func Create(dir string, settings ...string) (*Workspace, error) {
	w := &Workspace{dir}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("create workspace: %w", err)
	}
	f, err := os.OpenFile(w.File(), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		if errors.Is(err, os.ErrExist) {
			return nil, fmt.Errorf("create workspace %s: it is one already", dir)
		}
		return nil, fmt.Errorf("create workspace: %w", err)
	}
	_, err = f.WriteString(strings.Join(append(settings, string(template)), "\n"))
	return w, errors.Join(err, f.Close())
}

// The places of a workspace.
func (w *Workspace) File() string                { return filepath.Join(w.Dir, FileName) }
func (w *Workspace) Evidence() string            { return filepath.Join(w.Dir, "evidence") }
func (w *Workspace) Database() string            { return filepath.Join(w.Dir, "tamga.db") }
func (w *Workspace) Index() string               { return filepath.Join(w.Dir, "index") }
func (w *Workspace) Chain(network string) string { return filepath.Join(w.Dir, "chain", network) }
func (w *Workspace) Answers(network string) string {
	return filepath.Join(w.Dir, "chain", network, "answers")
}
func (w *Workspace) Sessions() string { return filepath.Join(w.Dir, "keys", "sessions") }
func (w *Workspace) Outbox() string   { return filepath.Join(w.Dir, "outbox") }
func (w *Workspace) Profiles() string { return filepath.Join(w.Dir, "profiles") }

// Lock takes the workspace for one writer until the function it returns is
// called or the process ends, however it ends.
func (w *Workspace) Lock() (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(w.Dir, ".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock workspace: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("%w: another tamga is writing to %s", ErrLocked, w.Dir)
		}
		return nil, fmt.Errorf("lock workspace: %w", err)
	}
	return func() { f.Close() }, nil
}
