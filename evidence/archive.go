package evidence

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// ErrIntegrity is wrapped by every error that means a stored byte is not what
// the log says: nothing that a crash can cause.
var ErrIntegrity = errors.New("evidence integrity broken")

// Options of an archive; the zero value is usable.
type Options struct {
	MaxFile  int64            // a WARC file is closed before it grows longer, in bytes; default 1 GiB
	Key      string           // signing key; default keys/log.key beside the archive
	Operator string           // of captures that name none, and of the WARC files
	Now      func() time.Time // default time.Now
	Rand     io.Reader        // of keys and record ids; default crypto/rand
	Logger   *slog.Logger     // default slog.Default()

	open func(name string, flag int) (file, error) // tests put faults here
}

func (o Options) defaults(dir string) Options {
	if o.MaxFile <= 0 {
		o.MaxFile = 1 << 30
	}
	if o.Key == "" {
		o.Key = filepath.Join(filepath.Dir(filepath.Clean(dir)), "keys", "log.key")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.open == nil {
		o.open = func(name string, flag int) (file, error) {
			f, err := os.OpenFile(name, flag, 0o644)
			if err != nil {
				return nil, err
			}
			return f, nil
		}
	}
	return o
}

// file is what the archive needs of an *os.File.
type file interface {
	io.ReaderAt
	io.WriterAt
	Truncate(size int64) error
	Sync() error
	Close() error
}

// Archive is an open archive. A writer is safe for concurrent use, and readers
// of the same folder see a consistent prefix of what it has written.
type Archive struct {
	dir string
	opt Options

	// mu guards what is below it.
	mu      sync.RWMutex
	st      *state
	lock    *os.File // writer only
	entries file
	hashes  file // writer only
	warc    file // writer only: the last WARC file, nil before the first
	signer  note.Signer
	broken  error // a failed write that could not be undone
	closed  bool

	syncMu sync.Mutex // one sync at a time; taken before mu
	synced Head       // the last signed head; guarded by mu
	syncAt time.Time  // guarded by mu
}

// Open opens the archive in dir for writing; only one process may. What a crash
// left half-written at the end is cut back, named in Recovered and logged. It
// fails with ErrIntegrity where the log is damaged: the WARC files are checked
// by [Verify] only, apart from their lengths.
func Open(dir string, opt Options) (*Archive, error) {
	a := &Archive{dir: dir, opt: opt.defaults(dir)}
	if err := a.open(); err != nil {
		a.closeFiles()
		return nil, fmt.Errorf("open archive %s: %w", dir, err)
	}
	return a, nil
}

func (a *Archive) open() (err error) {
	// The lock is on the folder, so that it can be taken before anything is read.
	if a.lock, err = os.Open(filepath.Join(a.dir, logDir)); err != nil {
		return err
	}
	if err := syscall.Flock(int(a.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return fmt.Errorf("another writer has it open: %w", err)
	}
	if a.st, err = load(context.Background(), a.dir, false); err != nil {
		return err
	}
	if err := a.st.err(); err != nil {
		return err
	}
	if a.signer, err = a.readSigner(); err != nil {
		return fmt.Errorf("read signing key: %w", err)
	}
	if a.entries, err = a.opt.open(filepath.Join(a.dir, entriesFile), os.O_RDWR); err != nil {
		return err
	}
	if a.hashes, err = a.opt.open(filepath.Join(a.dir, hashesFile), os.O_RDWR); err != nil {
		return err
	}
	for _, s := range a.st.recovered {
		a.opt.Logger.Warn("archive recovered", "dir", a.dir, "what", s)
	}
	if err := a.st.repair(a.entries, a.hashes); err != nil {
		return fmt.Errorf("cut back the torn tail: %w", err)
	}
	if n := len(a.st.files); n > 0 {
		if a.warc, err = a.opt.open(a.warcPath(a.st.files[n-1].name), os.O_RDWR); err != nil {
			return err
		}
	}
	a.synced, a.syncAt = a.st.signed, a.opt.Now()
	if a.st.tree.n > a.st.signed.Size {
		if err := a.sync(); err != nil {
			return err
		}
	}
	return a.finishRemovals()
}

func (a *Archive) warcPath(name string) string { return filepath.Join(a.dir, warcDir, name) }

func (a *Archive) readSigner() (note.Signer, error) {
	data, err := readSmall(a.opt.Key)
	if err != nil {
		return nil, err
	}
	signer, err := note.NewSigner(strings.TrimSuffix(string(data), "\n"))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", a.opt.Key, err)
	}
	if v := a.st.verifier; signer.Name() != v.Name() || signer.KeyHash() != v.KeyHash() {
		return nil, fmt.Errorf("%s does not belong to this archive", a.opt.Key)
	}
	return signer, nil
}

// OpenReader opens the archive in dir for reading; it writes nothing and takes
// no lock. It sees what a writer adds while it is open.
func OpenReader(dir string) (*Archive, error) {
	a := &Archive{dir: dir, opt: Options{}.defaults(dir)}
	err := func() (err error) {
		if a.entries, err = a.opt.open(filepath.Join(dir, entriesFile), os.O_RDONLY); err != nil {
			return err
		}
		if a.st, err = load(context.Background(), dir, true); err != nil {
			return err
		}
		a.synced = a.st.signed
		return a.st.err()
	}()
	if err != nil {
		a.closeFiles()
		return nil, fmt.Errorf("open archive %s: %w", dir, err)
	}
	return a, nil
}

// Recovered names what Open found half-written and cut back, or what OpenReader
// found and left.
func (a *Archive) Recovered() []string { return a.st.recovered }

// Len is the number of log entries.
func (a *Archive) Len() int64 {
	a.refresh()
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.st.tree.n
}

// Head is the newest signed head. It may count less entries than Len: heads are
// signed in batches.
func (a *Archive) Head() (Head, error) {
	if a.signer == nil {
		msg, err := readSmall(filepath.Join(a.dir, headFile))
		if err != nil {
			return Head{}, fmt.Errorf("read head: %w", err)
		}
		h, err := parseHead(msg, a.st.verifier)
		if err != nil {
			return Head{}, fmt.Errorf("read head: %w: %w", ErrIntegrity, err)
		}
		return h, nil
	}
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.synced, nil
}

// Sync brings everything written to the disk and signs a head over it.
func (a *Archive) Sync() error {
	if a.signer == nil {
		return errors.New("sync archive: it is open for reading")
	}
	if err := a.sync(); err != nil {
		return fmt.Errorf("sync archive %s: %w", a.dir, err)
	}
	return nil
}

// Close signs a last head and closes the archive.
func (a *Archive) Close() error {
	a.mu.Lock()
	closed, broken := a.closed, a.broken
	a.closed = true
	a.mu.Unlock()
	if closed {
		return nil
	}
	var err error
	if a.signer != nil && broken == nil {
		err = a.sync()
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if err = errors.Join(err, a.closeFiles()); err != nil {
		return fmt.Errorf("close archive %s: %w", a.dir, err)
	}
	return nil
}

func (a *Archive) closeFiles() error {
	var errs []error
	for _, f := range []file{a.warc, a.hashes, a.entries} {
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	if a.lock != nil {
		errs = append(errs, a.lock.Close())
	}
	return errors.Join(errs...)
}

// usable is nil while the archive takes writes.
func (a *Archive) usable() error {
	switch {
	case a.closed:
		return os.ErrClosed
	case a.signer == nil:
		return errors.New("the archive is open for reading")
	}
	return a.broken
}
