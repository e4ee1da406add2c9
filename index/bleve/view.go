package bleve

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/blevesearch/bleve/v2"

	"tamga/index"
)

// A view lets a process read an index that another process writes. Bleve locks
// root.bolt, the list of its segments, for as long as a writer has it open. The
// segments themselves never change once written. So a view is a folder with hard
// links of the segments and a copy of root.bolt.
//
// The copy is a whole commit: bbolt never writes over a page that its last commit
// refers to, and a commit becomes the last by writing its meta page. If the last
// commit is the same before and after the copying, the copy has every page of it.

// view is the private folder of a reader.
type view struct {
	path    string
	stamp   stamp
	checked time.Time
}

// stamp tells commits apart.
type stamp struct {
	name string
	txid uint64
}

var viewCount atomic.Int64

const (
	storeDir = "store" // where Bleve keeps scorch's files
	rootBolt = "root.bolt"
	metaFile = "index_meta.json"
)

// openView makes a view of the last commit of a generation and opens it.
func openView(dir, name string, now time.Time) (g *generation, err error) {
	from := filepath.Join(dir, name)
	if err := checkSchema(from); err != nil {
		return nil, err
	}
	mark, err := readMark(from)
	if err != nil {
		return nil, fmt.Errorf("open index %s: %w (%w)", from, index.ErrNoIndex, err)
	}
	to := filepath.Join(dir, fmt.Sprintf(".read-%d-%d", os.Getpid(), viewCount.Add(1)))
	for try := range 40 {
		var s stamp
		if s, err = link(from, to); err == nil {
			if g, err = openLinked(to, name, mark); err == nil {
				g.view = &view{to, s, now}
				return g, nil
			}
		}
		os.RemoveAll(to)
		if errors.Is(err, os.ErrPermission) || errors.Is(err, syscall.EROFS) {
			break
		}
		// The writer committed or merged meanwhile.
		time.Sleep(time.Duration(try) * time.Millisecond)
	}
	return nil, fmt.Errorf("open index %s: %w (%w)", from, index.ErrNoIndex, err)
}

func openLinked(path, name string, mark int64) (g *generation, err error) {
	defer mend(path, &err)
	idx, err := bleve.OpenUsing(path, config(true, wholeSegment))
	if err != nil {
		return nil, err
	}
	if err := checkWhole(idx, mark); err != nil {
		idx.Close()
		return nil, err
	}
	return &generation{name: name, idx: idx}, nil
}

// link fills the folder of a view.
func link(from, to string) (stamp, error) {
	if err := os.MkdirAll(filepath.Join(to, storeDir), 0o755); err != nil {
		return stamp{}, err
	}
	if err := copyFile(filepath.Join(from, metaFile), filepath.Join(to, metaFile)); err != nil {
		return stamp{}, err
	}
	before := stampOf(from)
	if err := copyFile(filepath.Join(from, storeDir, rootBolt), filepath.Join(to, storeDir, rootBolt)); err != nil {
		return stamp{}, err
	}
	if after := stampOf(from); after.txid != before.txid || before.txid == 0 {
		return stamp{}, errors.New("the index changed while it was read")
	}
	entries, err := os.ReadDir(filepath.Join(from, storeDir))
	if err != nil {
		return stamp{}, err
	}
	for _, e := range entries {
		if e.Name() == rootBolt || e.IsDir() {
			continue
		}
		a, b := filepath.Join(from, storeDir, e.Name()), filepath.Join(to, storeDir, e.Name())
		if err := os.Link(a, b); err != nil && !errors.Is(err, os.ErrNotExist) {
			// A file system without hard links.
			if err := copyFile(a, b); err != nil && !errors.Is(err, os.ErrNotExist) {
				return stamp{}, err
			}
		}
	}
	return before, nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// stampOf reads the number of the last commit from the meta pages of root.bolt:
// each begins, after a page header of 16 bytes, with magic, version, page size and
// flags (uint32), root and sequence, free list and high water mark (uint64), and
// the number (bbolt, db.go). The zero txid says that it could not be read.
func stampOf(generation string) stamp {
	s := stamp{name: filepath.Base(generation)}
	f, err := os.Open(filepath.Join(generation, storeDir, rootBolt))
	if err != nil {
		return s
	}
	defer f.Close()
	const header, magic = 16, 0xED0CDAED
	page := func(at int64) (txid uint64, size uint32, ok bool) {
		var b [header + 64]byte
		if _, err := f.ReadAt(b[:], at); err != nil {
			return 0, 0, false
		}
		m := b[header:]
		return binary.NativeEndian.Uint64(m[48:]), binary.NativeEndian.Uint32(m[8:]), binary.NativeEndian.Uint32(m) == magic
	}
	first, size, ok := page(0)
	if !ok {
		return s
	}
	s.txid = first
	if second, _, ok := page(int64(size)); ok && second > s.txid {
		s.txid = second
	}
	return s
}

// sweep removes the views of processes that are gone.
func sweep(dir string) {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		rest, ok := strings.CutPrefix(e.Name(), ".read-")
		if !ok {
			continue
		}
		pid, _, _ := strings.Cut(rest, "-")
		n, err := strconv.Atoi(pid)
		if err != nil || alive(n) {
			continue
		}
		os.RemoveAll(filepath.Join(dir, e.Name()))
	}
}

// alive tells whether a process runs, of whatever user.
func alive(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	defer p.Release()
	err = p.Signal(syscall.Signal(0))
	return err == nil || errors.Is(err, os.ErrPermission)
}
