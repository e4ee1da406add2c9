package evidence

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Problem is a place where the archive is not what its log says.
type Problem struct {
	File   string `json:"file"` // relative to the archive, with slashes
	Offset int64  `json:"offset"`
	What   string `json:"what"`
}

// state is what the log says, and what was found to be wrong with it. Of each
// entry it keeps 8 bytes, of each payload some 40.
type state struct {
	dir      string
	live     bool // a writer may be at work: what is not whole yet is not torn
	verifier note.Verifier
	signed   Head

	tree     tree
	size     int64   // bytes of the whole entries
	offsets  []int64 // of each entry
	held     holders // payload digest to the first capture of it
	captures int64
	files    []warcFile // in order; the last one grows

	blind     bool // an entry is damaged: what it names is not known
	recovered []string
	problems  []Problem
	fixes     fixes

	heads  map[int64]Head // kept for stamps, by size; not read where live
	stamps []stampClaim

	removed    map[int64]removal // by entry; nil where nothing was ever removed
	unfinished map[int64]bool    // tombstones, by number, whose bytes may still be there
	carried    map[int64]int64   // removed holder of a payload to the entry that carries it on
	weak       map[int64]bool    // captures in held that do not hold their payload themselves
	withdrawn  map[int64]int64   // claims whose text was removed, by the tombstone that says so
	doubts     []doubt           // entries that are right only if a tombstone withdrew them
	pending    []int64           // those whose text may still be there: a killed removal
	holds      []Hold

	last    []byte // text of the newest capture entry that was not decoded
	lastSeq int64
	tail    []tailRecord // of the entries beyond the signed head
}

// warcFile is a WARC file and the length that the log knows of it.
type warcFile struct {
	name string
	size int64
	info int64 // end of its first record, the warcinfo
}

type tailRecord struct {
	seq int64
	rec record
}

// fixes are the repairs of a torn tail.
type fixes struct {
	cutEntries bool
	hashSize   int64  // right bytes of the hashes file
	hashes     []byte // to be written there
	cutHashes  bool
	truncate   []warcFile // under warc/
	remove     []string   // relative to the archive
}

// load reads the log in dir and compares the files beside it with what the log
// says of them. Faults are in the state; the error is for what cannot be read.
func load(ctx context.Context, dir string, live bool) (*state, error) {
	st, cut, err := scan(ctx, dir, live, math.MaxInt64)
	if err != nil || cut < 0 {
		return st, err
	}
	// Whole entries name bytes that are not there: power was lost before they
	// reached the disk. None of those entries is signed.
	what := fmt.Sprintf("%s: entries from %d on name WARC bytes that never reached the disk", entriesFile, cut)
	st, _, err = scan(ctx, dir, live, cut)
	if err == nil {
		st.recovered = append([]string{what}, st.recovered...)
		st.fixes.cutEntries = true
	}
	return st, err
}

// err is the error of a damaged log.
func (s *state) err() error {
	if len(s.problems) == 0 {
		return nil
	}
	p := s.problems[0]
	return fmt.Errorf("%w: %s at byte %d: %s (%d problems in all)", ErrIntegrity, p.File, p.Offset, p.What, len(s.problems))
}

func (s *state) problem(file string, offset int64, format string, a ...any) {
	s.problems = append(s.problems, Problem{file, offset, fmt.Sprintf(format, a...)})
}

func (s *state) recover(format string, a ...any) {
	s.recovered = append(s.recovered, fmt.Sprintf(format, a...))
}

// scan reads at most limit entries. cut is the first entry to be dropped for
// want of its WARC bytes, or -1.
func scan(ctx context.Context, dir string, live bool, limit int64) (st *state, cut int64, err error) {
	st = &state{dir: dir, live: live}
	if _, err := os.Stat(filepath.Join(dir, logDir)); err != nil {
		return nil, -1, err
	}
	// The head comes first: a writer signs only what is written.
	st.readHead()
	if err := st.readKeptHeads(); err != nil {
		return nil, -1, err
	}
	if err := st.readEntries(ctx, limit); err != nil {
		return nil, -1, err
	}
	if limit == math.MaxInt64 && st.tree.n < st.signed.Size {
		st.problem(entriesFile, st.size, "the log ends after %d whole entries, the signed head counts %d", st.tree.n, st.signed.Size)
	}
	if st.tree.n > st.signed.Size && st.signed.Note != nil {
		st.recover("%s: %d whole entries are newer than the signed head", entriesFile, st.tree.n-st.signed.Size)
	}
	if limit == math.MaxInt64 {
		st.endHeads()
	}
	if cut, err = st.checkFiles(limit < math.MaxInt64); err != nil {
		return nil, -1, err
	}
	return st, cut, nil
}

func (s *state) readHead() {
	var err error
	if s.verifier, err = readKey(s.dir); err != nil {
		s.problem(keyFile, 0, "no public key: %v", plain(err))
		return
	}
	msg, err := readSmall(filepath.Join(s.dir, headFile))
	if err != nil {
		s.problem(headFile, 0, "no signed head: %v", plain(err))
		return
	}
	if s.signed, err = parseHead(msg, s.verifier); err != nil {
		s.problem(headFile, 0, "the signed head does not verify: %v", err)
	}
}

// plain takes the machine's path out of an error of the file system.
func plain(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

func (s *state) readEntries(ctx context.Context, limit int64) error {
	f, size, err := openSized(filepath.Join(s.dir, entriesFile))
	if errors.Is(err, fs.ErrNotExist) {
		s.problem(entriesFile, 0, "no log: %v", plain(err))
		return nil
	} else if err != nil {
		return err
	}
	defer f.Close()
	check, err := s.openHashes()
	if err != nil {
		return err
	}
	defer check.close()

	frames := newFrameReader(f, 0, size)
	for s.tree.n < limit {
		if s.tree.n%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		off := frames.off
		text, leaf, err := frames.next()
		var bad *corruption
		switch {
		case err == nil && frames.blank:
			s.flush()
			s.doubts = append(s.doubts, doubt{s.tree.n, off, true, "its text was removed, and no tombstone says so"})
		case err == nil:
			s.entry(off, text)
		case errors.As(err, &bad) && bad.framed:
			s.flush()
			s.doubts = append(s.doubts, doubt{s.tree.n, off, false, bad.what})
		case errors.As(err, &bad):
			s.problem(entriesFile, off, "entry %d: %s", s.tree.n, bad.what)
			s.blind = true
		case err == io.EOF:
			return s.endEntries(check, size)
		case err == errTorn:
			s.recover("%s: %d bytes of an unfinished entry at byte %d", entriesFile, size-off, off)
			s.fixes.cutEntries = true
			return s.endEntries(check, size)
		default:
			return err
		}
		if err := check.compare(s.push(off, frames.off, leaf)); err != nil {
			return err
		}
	}
	return s.endEntries(check, size)
}

// push takes the next entry into the tree.
func (s *state) push(off, end int64, leaf tlog.Hash) []tlog.Hash {
	s.offsets = append(s.offsets, off)
	s.size = end
	hashes := s.tree.append(leaf)
	if s.tree.n == s.signed.Size && s.tree.root() != s.signed.Root {
		s.problem(entriesFile, 0, "the first %d entries do not have the root hash that %s signs", s.tree.n, headFile)
	}
	s.keptHead(s.tree.n)
	return hashes
}

// entry takes what an entry says: fully for those beyond the signed head, else
// no more than is needed.
func (s *state) entry(off int64, text []byte) {
	seq := s.tree.n
	if seq < s.signed.Size {
		if k, ok := quickDigest(seq, text); ok {
			s.hold(k, seq)
			s.last, s.lastSeq = append(s.last[:0], text...), seq
			return
		}
	}
	s.flush()
	e, err := decodeEntry(seq, text)
	if err != nil {
		s.problem(entriesFile, off, "%v", err)
		s.blind = true
		return
	}
	s.take(e)
	if seq >= s.signed.Size {
		for _, r := range e.Records {
			s.tail = append(s.tail, tailRecord{seq, r})
		}
	}
}

func (s *state) hold(k key, seq int64) {
	s.captures++
	if have, ok := s.held.get(k); !ok || s.weak[have] {
		s.held.put(k, seq)
	}
}

// flush decodes the last capture that was passed over: where a WARC file ends
// stands in the entry before the next file's.
func (s *state) flush() {
	if len(s.last) == 0 {
		return
	}
	e, err := decodeEntry(s.lastSeq, s.last)
	if err != nil {
		s.problem(entriesFile, s.offsets[s.lastSeq], "%v", err)
	} else {
		s.extend(e.Records)
	}
	s.last = s.last[:0]
}

// take takes a decoded entry.
func (s *state) take(e *entry) {
	switch e.Kind {
	case kindCapture:
		if k, ok := keyOfDigest(e.Digest); ok {
			s.hold(k, e.Seq)
		}
	case kindWarcinfo:
		s.files = append(s.files, warcFile{name: e.Records[0].File, info: e.Records[0].end()})
	case kindPayload:
		s.carry(e)
	case kindClaim:
		s.claim(e)
	}
	s.extend(e.Records)
}

// claim takes a claim that is about the archive itself.
func (s *state) claim(e *entry) {
	var err error
	switch e.Claim {
	case claimTimestamp:
		var c stampClaim
		if c, err = readStampClaim(e); err == nil {
			s.stamps = append(s.stamps, c)
		}
	case claimTombstone:
		err = s.tombstone(e)
	case claimHold, claimRelease:
		err = s.takeHold(e)
	case claimRemoved:
		var d removedData
		if err = json.Unmarshal(e.Data, &d); err == nil {
			delete(s.unfinished, d.Tombstone)
		}
	}
	if err != nil {
		s.problem(entriesFile, s.size, "entry %d: %v", e.Seq, err)
	}
}

func (s *state) extend(records []record) {
	if n := len(s.files); n > 0 {
		for _, r := range records {
			if r.File == s.files[n-1].name {
				s.files[n-1].size = max(s.files[n-1].size, r.end())
			}
		}
	}
}

func (s *state) endEntries(check *hashCheck, size int64) error {
	s.flush()
	s.settle()
	if s.size < size {
		s.fixes.cutEntries = true
	}
	return check.end()
}

func openSized(name string) (*os.File, int64, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, info.Size(), nil
}

// hashCheck compares the hashes file with the hashes of the entries.
type hashCheck struct {
	s       *state
	f       *os.File
	r       *bufio.Reader
	size    int64
	count   int64 // hashes read
	short   bool
	missing []byte
}

func (s *state) openHashes() (*hashCheck, error) {
	c := &hashCheck{s: s}
	f, size, err := openSized(filepath.Join(s.dir, hashesFile))
	if errors.Is(err, fs.ErrNotExist) {
		s.problem(hashesFile, 0, "no hashes: %v", plain(err))
		c.short = true
		return c, nil
	} else if err != nil {
		return nil, err
	}
	c.f, c.size, c.r = f, size, bufio.NewReaderSize(io.LimitReader(f, size), 64<<10)
	return c, nil
}

func (c *hashCheck) close() {
	if c.f != nil {
		c.f.Close()
	}
}

func (c *hashCheck) compare(hashes []tlog.Hash) error {
	for _, want := range hashes {
		if !c.short && (c.count+1)*tlog.HashSize > c.size {
			c.short = true
		}
		if c.short {
			c.missing = append(c.missing, want[:]...)
			continue
		}
		var got tlog.Hash
		if _, err := io.ReadFull(c.r, got[:]); err != nil {
			return fmt.Errorf("read %s: %w", hashesFile, err)
		}
		if got != want {
			c.s.problem(hashesFile, c.count*tlog.HashSize, "hash %d is not that of the entries", c.count)
		}
		c.count++
	}
	return nil
}

func (c *hashCheck) end() error {
	s := c.s
	s.fixes.hashSize, s.fixes.hashes = c.count*tlog.HashSize, c.missing
	s.fixes.cutHashes = c.size > s.fixes.hashSize
	signed := int64(0)
	if s.signed.Size > 0 {
		signed = tlog.StoredHashCount(s.signed.Size)
	}
	switch {
	case c.f == nil || s.live:
	case len(c.missing) > 0 && c.count < signed:
		s.problem(hashesFile, c.size, "the file ends after %d hashes, the signed head needs %d", c.count, signed)
	case len(c.missing) > 0:
		s.recover("%s: %d hashes were not written", hashesFile, len(c.missing)/tlog.HashSize)
	case s.fixes.cutHashes:
		s.recover("%s: %d bytes of no entry at byte %d", hashesFile, c.size-s.fixes.hashSize, s.fixes.hashSize)
	}
	return nil
}
