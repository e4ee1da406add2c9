// Package outbox keeps the questions that a workspace has for servers elsewhere
// until they are answered: one small file each, so that nothing is lost between
// two runs, and an operator can see what waits.
package outbox

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// ErrBusy: another process empties the outbox.
var ErrBusy = errors.New("another tamga is at work on the outbox")

// Item is a question about a signed head of the log.
type Item struct {
	Head     int64      `json:"head"` // entries that the head counts
	Kind     string     `json:"kind"` // of the stamp that is asked for
	URL      string     `json:"url"`
	Queued   time.Time  `json:"queued"`
	Attempts int        `json:"attempts"`
	Last     *time.Time `json:"last,omitempty"`  // of the attempts
	Error    string     `json:"error,omitempty"` // of the last attempt
}

// Label names the server of an item in file names: its host, and eight digits of
// the SHA-256 of its URL.
func (i Item) Label() string { return Label(i.URL) }

// Label names a server in file names.
func Label(server string) string {
	host := "server"
	if u, err := url.Parse(server); err == nil && u.Hostname() != "" {
		host = u.Hostname()
	}
	host = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '.' {
			return r
		}
		return '-'
	}, strings.ToLower(host))
	host = strings.Trim(host[:min(len(host), 80)], ".-")
	sum := sha256.Sum256([]byte(server))
	return host + "-" + hex.EncodeToString(sum[:4])
}

// Box is an outbox taken by this process.
type Box struct {
	dir  string
	lock *os.File
}

// Open takes the outbox in dir, or fails with ErrBusy.
func Open(dir string) (*Box, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open outbox: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, ".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open outbox: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, ErrBusy
		}
		return nil, fmt.Errorf("lock outbox: %w", err)
	}
	return &Box{dir, f}, nil
}

// Close gives the outbox back.
func (b *Box) Close() error { return b.lock.Close() }

func (b *Box) name(i Item) string {
	return filepath.Join(b.dir, fmt.Sprintf("%012d.%s.%s.json", i.Head, i.Label(), i.Kind))
}

// Items lists what waits: the older head first.
func (b *Box) Items() ([]Item, error) {
	files, err := os.ReadDir(b.dir)
	if err != nil {
		return nil, fmt.Errorf("read outbox: %w", err)
	}
	var out []Item
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".json") {
			continue
		}
		var i Item
		text, err := os.ReadFile(filepath.Join(b.dir, f.Name()))
		if err == nil {
			err = json.Unmarshal(text, &i)
		}
		if err == nil && b.name(i) != filepath.Join(b.dir, f.Name()) {
			err = errors.New("its name is not that of what it holds")
		}
		if err != nil {
			return nil, fmt.Errorf("read outbox: %s: %w", f.Name(), err)
		}
		out = append(out, i)
	}
	slices.SortStableFunc(out, func(a, b Item) int { return cmp.Compare(a.Head, b.Head) })
	return out, nil
}

// Put queues an item, unless it waits already.
func (b *Box) Put(i Item) error {
	if _, err := os.Stat(b.name(i)); err == nil {
		return nil
	}
	return b.write(i)
}

// Failed notes an attempt that failed.
func (b *Box) Failed(i Item, at time.Time, reason error) error {
	i.Attempts++
	i.Last, i.Error = &at, fmt.Sprintf("%.300s", reason)
	return b.write(i)
}

// Done takes an item out.
func (b *Box) Done(i Item) error {
	if err := os.Remove(b.name(i)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("write outbox: %w", err)
	}
	return nil
}

func (b *Box) write(i Item) error {
	text, err := json.Marshal(i)
	if err != nil {
		return fmt.Errorf("write outbox: %w", err)
	}
	tmp := b.name(i) + ".tmp"
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("write outbox: %w", err)
	}
	_, err = f.Write(append(text, '\n'))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write outbox: %w", err)
	}
	if err := os.Rename(tmp, b.name(i)); err != nil {
		return fmt.Errorf("write outbox: %w", err)
	}
	return nil
}
