package evidence

import (
	"bufio"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// Report is what Verify found. A torn tail that a crash left is no problem: it
// is named under Recovered, and Open will cut it back.
type Report struct {
	OK        bool      `json:"ok"`
	Captures  int64     `json:"captures"`
	LogSize   int64     `json:"log_size"`
	Recovered []string  `json:"recovered"`
	Problems  []Problem `json:"problems"`

	Removed    int64         `json:"removed,omitempty"`    // captures and carried payloads whose bytes tombstones replace
	Withdrawn  int64         `json:"withdrawn,omitempty"`  // claims whose text tombstones replace
	Timestamps []StampReport `json:"timestamps,omitempty"` // by others, of heads of the log
}

// Verify recomputes everything: the signature of the head, the hashes of the
// log, and of every WARC record the SHA-256 of its compressed bytes, its gzip
// checksum, its block digest and its payload digest; and that no byte of the
// WARC files stands in no entry. It writes nothing. progress, which may be nil,
// is called with bytes of WARC files from one goroutine at a time.
//
// The error wraps ErrIntegrity where the report has problems; other errors are
// of reading, and then the report is not complete.
func Verify(ctx context.Context, dir string, progress func(done, total int64)) (Report, error) {
	return VerifyOptions{Progress: progress}.Verify(ctx, dir)
}

// Verify is [Verify] with what o gives to rest on.
func (o VerifyOptions) Verify(ctx context.Context, dir string) (Report, error) {
	v := &verifier{dir: dir, progress: o.Progress, opt: o}
	r, err := v.run(ctx)
	if err == nil && !r.OK {
		err = ErrIntegrity
	}
	if err != nil {
		return r, fmt.Errorf("verify archive %s: %w", dir, err)
	}
	return r, nil
}

type verifier struct {
	dir      string
	progress func(done, total int64)
	opt      VerifyOptions
	st       *state
	total    int64

	mu       sync.Mutex
	done     int64
	problems []Problem
	err      error

	recovered []string
	stamped   []StampReport
	gone      int64 // entries whose bytes were removed
}

func (v *verifier) buried() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.gone++
}

// unburied names an entry whose bytes a killed retention run left there, in whole
// or in part: the next writer finishes it.
func (v *verifier) unburied(seq int64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.recovered = append(v.recovered, fmt.Sprintf("%s: the removal of entry %d was announced and not finished", entriesFile, seq))
}

func (v *verifier) run(ctx context.Context) (Report, error) {
	st, err := load(ctx, v.dir, false)
	if err != nil {
		return Report{Recovered: []string{}, Problems: []Problem{}}, err
	}
	v.st, v.problems = st, st.problems
	for _, f := range st.files {
		v.total += f.size
	}
	v.advance(0)
	for _, seq := range st.pending {
		v.unburied(seq)
	}
	err = v.records(ctx)
	if err == nil {
		err = v.stamps(ctx)
	}
	r := Report{
		Captures: st.captures, LogSize: st.tree.n, Removed: v.gone, Withdrawn: int64(len(st.withdrawn) - len(st.pending)), Timestamps: v.stamped,
		Recovered: append(append([]string{}, st.recovered...), v.recovered...), Problems: append([]Problem{}, v.problems...),
	}
	slices.SortFunc(r.Problems, func(a, b Problem) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Offset, b.Offset), strings.Compare(a.What, b.What))
	})
	r.Problems = slices.Compact(r.Problems)
	r.OK = len(r.Problems) == 0 && err == nil
	return r, err
}

func (v *verifier) problem(file string, offset int64, format string, a ...any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.problems = append(v.problems, Problem{file, offset, fmt.Sprintf(format, a...)})
}

func (v *verifier) fail(err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.err = cmp.Or(v.err, err)
}

func (v *verifier) advance(n int64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.done += n
	if v.progress != nil {
		v.progress(v.done, v.total)
	}
}

// records walks the entries in order, checks that their records cover the files
// without a gap, and hands each entry to a worker that reads its bytes.
func (v *verifier) records(ctx context.Context) error {
	f, _, err := openSized(filepath.Join(v.dir, entriesFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // a problem already
	} else if err != nil {
		return err
	}
	defer f.Close()

	jobs := make(chan *entry, 64)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			w := &checker{v: v}
			defer w.close()
			for e := range jobs {
				if ctx.Err() == nil {
					w.check(e)
				}
			}
		})
	}
	err = v.walk(ctx, f, jobs)
	close(jobs)
	workers.Wait()
	return cmp.Or(err, ctx.Err(), v.err)
}

func (v *verifier) walk(ctx context.Context, f *os.File, jobs chan<- *entry) error {
	frames := newFrameReader(f, 0, v.st.size)
	cover := coverage{v: v, file: -1}
	for seq := int64(0); seq < v.st.tree.n; seq++ {
		off := frames.off
		text, _, err := frames.next()
		var bad *corruption
		if errors.As(err, &bad) && bad.framed {
			if _, ok := v.st.withdrawn[seq]; ok {
				continue // named by load
			}
		}
		if errors.As(err, &bad) {
			cover.blind = true
			continue // named by load
		} else if err != nil {
			return err
		}
		e, err := decodeEntry(seq, text)
		if err != nil {
			v.problem(entriesFile, off, "%v", err)
			cover.blind = true
			continue
		}
		cover.entry(off, e)
		select {
		case jobs <- e:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// coverage checks that each record starts where the one before it ended.
type coverage struct {
	v     *verifier
	file  int
	next  int64
	blind bool // an entry could not be read: what it covered is not known
}

func (c *coverage) entry(off int64, e *entry) {
	for i, r := range e.Records {
		if e.Kind == kindWarcinfo {
			c.file++
			c.next = 0
		}
		switch {
		case c.blind: // start again from what is there
			fmt.Sscanf(r.File, warcNameForm, &c.file)
			c.blind = false
		case r.File != warcName(c.file):
			c.v.problem(entriesFile, off, "entry %d: record %d is in %s, after those in %s", e.Seq, i, r.File, warcName(max(c.file, 0)))
		case r.Offset != c.next:
			c.v.problem(warcDir+"/"+r.File, min(r.Offset, c.next), "entry %d names bytes from %d on, the entry before ends at %d", e.Seq, r.Offset, c.next)
		}
		c.next = r.end()
	}
}

// checker reads the records of entries; each worker has one.
type checker struct {
	v    *verifier
	name string
	f    *os.File
	sum  hash.Hash
}

func (c *checker) close() {
	if c.f != nil {
		c.f.Close()
	}
}

func (c *checker) check(e *entry) {
	if r, ok := c.v.st.removed[e.Seq]; ok {
		c.removed(e, r)
		return
	}
	payload := false
	for _, r := range e.Records {
		c.v.advance(r.Length)
		name := warcDir + "/" + r.File
		if ok := c.open(r.File); !ok {
			return // a problem already, or an error
		}
		if what := c.record(e, r); what != nil {
			var p *fs.PathError
			if errors.As(what, &p) {
				c.v.fail(what)
				return
			}
			c.v.problem(name, r.Offset, "%s of entry %d, %d bytes: %v", r.Type, e.Seq, r.Length, what)
		}
		payload = payload || r.Type == "response" || r.Type == "resource"
	}
	if e.Kind != kindCapture {
		return
	}
	switch {
	case e.Revisit != nil && payload:
		c.v.problem(entriesFile, c.v.st.offsets[e.Seq], "entry %d revisits %d and holds a payload itself", e.Seq, *e.Revisit)
	case e.Revisit != nil:
		c.revisit(e)
	case !payload && (e.Size != 0 || e.Digest != digestOf()):
		c.v.problem(entriesFile, c.v.st.offsets[e.Seq], "entry %d has a payload of %d bytes and no record that holds it", e.Seq, e.Size)
	}
}

// revisit checks that the capture referred to holds the same payload; its bytes
// are checked in their own turn.
func (c *checker) revisit(e *entry) {
	off := c.v.st.offsets[e.Seq]
	f, size, err := openSized(filepath.Join(c.v.dir, entriesFile))
	if err != nil {
		c.v.fail(err)
		return
	}
	defer f.Close()
	at := c.v.st.offsets[*e.Revisit]
	text, _, err := newFrameReader(io.NewSectionReader(f, at, size-at), at, size).next()
	if err != nil {
		return // named by load
	}
	o, err := decodeEntry(*e.Revisit, text)
	if err != nil {
		return
	}
	if _, gone := c.v.st.removed[*e.Revisit]; gone {
		if carrier, ok := c.v.st.carried[*e.Revisit]; !ok {
			c.v.problem(entriesFile, off, "entry %d revisits %d, whose payload was removed and not carried on", e.Seq, *e.Revisit)
		} else if _, gone := c.v.st.removed[carrier]; gone {
			c.v.problem(entriesFile, off, "entry %d revisits %d, whose payload was carried on and then removed", e.Seq, *e.Revisit)
		}
	}
	if _, ok := o.payloadRecord(); !ok || o.Digest != e.Digest || o.Size != e.Size || o.Truncated != "" || o.Revisit != nil {
		c.v.problem(entriesFile, off, "entry %d revisits %d, which does not hold its payload", e.Seq, *e.Revisit)
	}
}

// removed checks that the bytes of an entry are those that its tombstone puts in
// their place.
func (c *checker) removed(e *entry, r removal) {
	c.v.advance(r.Length)
	name := warcDir + "/" + r.File
	if !r.of(e) {
		c.v.problem(entriesFile, c.v.st.offsets[e.Seq], "the tombstone of entry %d is of other bytes than the entry", e.Seq)
		return
	}
	if !c.open(r.File) {
		return
	}
	sum := sha256.New()
	n, err := io.Copy(sum, io.NewSectionReader(c.f, r.Offset, r.Length))
	switch {
	case err != nil:
		c.v.fail(err)
	case n < r.Length:
		c.v.problem(name, r.Offset, "tombstone of entry %d: the file ends after %d of %d bytes", e.Seq, n, r.Length)
	case sumOf(sum) == r.Digest:
		c.v.buried()
	case c.v.st.unfinished[r.claim]:
		c.v.unburied(e.Seq)
	default:
		c.v.problem(name, r.Offset, "tombstone of entry %d, %d bytes: they have SHA-256 %s, the log has %s", e.Seq, r.Length, sumOf(sum), r.Digest)
	}
}

func (c *checker) open(name string) bool {
	if c.f != nil && c.name == name {
		return true
	}
	c.close()
	var err error
	if c.f, err = os.Open(filepath.Join(c.v.dir, warcDir, name)); err != nil {
		c.f = nil
		if !errors.Is(err, fs.ErrNotExist) {
			c.v.fail(err)
		}
		return false
	}
	c.name = name
	return true
}

// record checks one record against its entry, streaming.
func (c *checker) record(e *entry, r record) error {
	sum := sha256.New()
	n, err := io.Copy(sum, io.NewSectionReader(c.f, r.Offset, r.Length))
	if err != nil {
		return err
	}
	if n < r.Length {
		return fmt.Errorf("the file ends after %d of them", n)
	}
	if got := sumOf(sum); got != r.Digest {
		return fmt.Errorf("they have SHA-256 %s, the log has %s", got, r.Digest)
	}
	return readMember(io.NewSectionReader(c.f, r.Offset, r.Length), func(w *warcRecord) error { return w.matches(e, r) })
}

// matches checks what the record says of itself against its entry.
func (w *warcRecord) matches(e *entry, r record) error {
	if got := w.get("WARC-Type"); got != r.Type {
		return fmt.Errorf("WARC-Type is %.40q", got)
	}
	if got := w.get("WARC-Record-ID"); got != "<urn:uuid:"+r.ID+">" {
		return fmt.Errorf("WARC-Record-ID is %.80q, the log has %s", got, r.ID)
	}
	if !strings.HasPrefix(w.get("WARC-Block-Digest"), "sha256:") {
		return errors.New("no WARC-Block-Digest with SHA-256")
	}
	if e.Kind == kindWarcinfo {
		return nil
	}
	if got := w.get("WARC-Target-URI"); got != e.URL {
		return fmt.Errorf("WARC-Target-URI is %.200q, the log has %.200q", got, e.URL)
	}
	if got := w.get("WARC-Payload-Digest"); got != "" && got != string(e.Digest) {
		return fmt.Errorf("WARC-Payload-Digest is %.80q, the log has %s", got, e.Digest)
	}
	switch r.Type {
	case "response":
		if _, err := w.httpHead(); err != nil {
			return err
		}
		fallthrough
	case "resource":
		return w.payload(e)
	}
	return nil
}

// payload hashes the rest of the block.
func (w *warcRecord) payload(e *entry) error {
	sum := sha256.New()
	n, err := io.Copy(sum, bufio.NewReader(w))
	if err != nil {
		return err
	}
	if got := sumOf(sum); n != e.Size || got != e.Digest {
		return fmt.Errorf("the payload is %d bytes with digest %s, the log has %d with %s", n, got, e.Size, e.Digest)
	}
	return nil
}
