package evidence

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"tamga"
)

// op is one thing the archive did to a file; recorder keeps them in order.
type op struct {
	name string
	at   int64
	data []byte
}

type recorder struct{ ops []op }

type recorded struct {
	*os.File
	name string
	r    *recorder
}

func (f recorded) WriteAt(b []byte, at int64) (int, error) {
	f.r.ops = append(f.r.ops, op{f.name, at, append([]byte{}, b...)})
	return f.File.WriteAt(b, at)
}

func (r *recorder) open(name string, flag int) (file, error) {
	f, err := os.OpenFile(name, flag, 0o644)
	if err != nil {
		return nil, err
	}
	if flag&os.O_CREATE != 0 {
		r.ops = append(r.ops, op{name: name})
	}
	return recorded{f, name, r}, nil
}

// do repeats the first n bytes of an operation under another folder.
func (o op) do(t testing.TB, from, to string, n int) {
	t.Helper()
	rel, err := filepath.Rel(from, o.name)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(filepath.Join(to, rel), os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(o.data[:n], o.at); err != nil {
		t.Fatal(err)
	}
	f.Close()
}

// A process killed at any byte of any write leaves an archive that verifies,
// that says what was torn, and that goes on without losing a whole capture.
func TestCrashAtEveryByte(t *testing.T) {
	dir := initArchive(t)
	rec := &recorder{}
	a := openArchive(t, dir, Options{MaxFile: 3 << 10, open: rec.open})
	for i := range 3 {
		put(t, a, page(fmt.Sprint("/", i), noise(200+i)))
	}
	if err := a.Sync(); err != nil {
		t.Fatal(err)
	}
	base := copyArchive(t, dir)
	rec.ops = nil
	files := len(a.st.files)
	whole := map[int]int64{} // operations done to captures that must survive
	captures := int64(3)
	for i := 3; len(a.st.files) < files+1; i++ {
		put(t, a, page(fmt.Sprint("/", i), noise(200+i)))
		captures++
		whole[len(rec.ops)] = captures
	}
	put(t, a, page("/again", noise(200)))
	whole[len(rec.ops)] = captures + 1
	if _, err := a.Claim(context.Background(), "note", json.RawMessage(`"x"`)); err != nil {
		t.Fatal(err)
	}
	closeArchive(t, a)
	keep := func(n int) int64 {
		for ; n > 0; n-- {
			if c, ok := whole[n]; ok {
				return c
			}
		}
		return 3
	}

	work := copyArchive(t, base)
	points := 0
	for i, o := range rec.ops {
		step := 1
		if len(o.data) > 200 && i < len(rec.ops)-5 {
			step = 17 // every byte of the last capture and claim, samples of the rest
		}
		for n := 0; n <= len(o.data); n += step {
			points++
			restore(t, base, work)
			for _, earlier := range rec.ops[:i] {
				earlier.do(t, dir, work, len(earlier.data))
			}
			o.do(t, dir, work, n)
			where := fmt.Sprintf("operation %d (%s), %d of %d bytes", i, filepath.Base(o.name), n, len(o.data))
			before := archiveFiles(t, work)
			r, err := Verify(context.Background(), work, nil)
			if err != nil || !r.OK {
				t.Fatalf("%s: %v %+v", where, err, r)
			}
			changed := i > 0 || n > 0 || o.data == nil
			if changed && len(r.Recovered) == 0 {
				t.Fatalf("%s: nothing reported", where)
			}
			if fmt.Sprint(before) != fmt.Sprint(archiveFiles(t, work)) {
				t.Fatalf("%s: verify wrote", where)
			}
			// A capture is kept from the moment its entry is whole: one
			// operation before its hashes are.
			if got, min := r.Captures, keep(i); got < min || got > min+1 {
				t.Fatalf("%s: %d captures, want %d or one more", where, got, min)
			}
			if points%24 != 0 {
				continue
			}
			b, err := Open(work, Options{MaxFile: 3 << 10, Logger: quiet})
			if err != nil {
				t.Fatalf("%s: %v", where, err)
			}
			if fmt.Sprint(b.Recovered()) != fmt.Sprint(r.Recovered) {
				t.Fatalf("%s: open reports %q, verify %q", where, b.Recovered(), r.Recovered)
			}
			if _, err := b.Put(context.Background(), page("/next", "after the crash")); err != nil {
				t.Fatalf("%s: %v", where, err)
			}
			closeArchive(t, b)
			if after := verifyClean(t, work); after.Captures != r.Captures+1 {
				t.Fatalf("%s: %d captures after, %d before", where, after.Captures, r.Captures)
			}
		}
	}
	if points < 1000 {
		t.Errorf("%d points tried", points)
	}
}

// restore makes to what from is.
func restore(t testing.TB, from, to string) {
	t.Helper()
	if err := os.RemoveAll(to); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

// Without a sync, a loss of power may keep the log and lose WARC bytes, or keep
// hashes and lose entries.
func TestPowerLoss(t *testing.T) {
	dir := initArchive(t)
	a := openArchive(t, dir, Options{MaxFile: 3 << 10})
	put(t, a, page("/0", noise(300)))
	if err := a.Sync(); err != nil {
		t.Fatal(err)
	}
	signed := a.Len()
	for i := range 12 {
		put(t, a, page(fmt.Sprint("/x", i), noise(500+i)))
	}
	lost := a.st.files[2].name
	crashed := copyArchive(t, dir)
	for name, tc := range map[string]func(dir string) error{
		"a file of WARC bytes": func(dir string) error { return os.Truncate(filepath.Join(dir, warcDir, lost), 10) },
		"a whole WARC file":    func(dir string) error { return os.Remove(filepath.Join(dir, warcDir, lost)) },
		"all entries":          func(dir string) error { return os.Truncate(filepath.Join(dir, entriesFile), a.st.offsets[signed]) },
		"all hashes":           func(dir string) error { return os.Truncate(filepath.Join(dir, hashesFile), 3*32) },
	} {
		work := copyArchive(t, crashed)
		if err := tc(work); err != nil {
			t.Fatal(err)
		}
		r, err := Verify(context.Background(), work, nil)
		if err != nil {
			t.Errorf("%s: %v %+v", name, err, r)
			continue
		}
		if len(r.Recovered) == 0 {
			t.Errorf("%s: nothing reported", name)
		}
		b, err := Open(work, Options{MaxFile: 3 << 10, Logger: quiet})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		put(t, b, page("/after", "x"))
		closeArchive(t, b)
		if after := verifyClean(t, work); after.Captures != r.Captures+1 {
			t.Errorf("%s: %d captures, then %d", name, r.Captures, after.Captures)
		}
	}
}

// quota fails writes once n bytes were written, after writing what fits.
type quota struct {
	left     int64
	noUndo   bool
	failSync bool
}

type limited struct {
	*os.File
	q *quota
}

func (f limited) WriteAt(b []byte, at int64) (int, error) {
	n := min(int64(len(b)), f.q.left)
	f.q.left -= n
	if _, err := f.File.WriteAt(b[:n], at); err != nil {
		return 0, err
	}
	if n < int64(len(b)) {
		return int(n), syscall.ENOSPC
	}
	return int(n), nil
}

func (f limited) Truncate(n int64) error {
	if f.q.noUndo {
		return syscall.EIO
	}
	return f.File.Truncate(n)
}

func (f limited) Sync() error {
	if f.q.failSync {
		return syscall.EIO
	}
	return f.File.Sync()
}

func (q *quota) open(name string, flag int) (file, error) {
	f, err := os.OpenFile(name, flag, 0o644)
	if err != nil {
		return nil, err
	}
	return limited{f, q}, nil
}

func TestDiskFull(t *testing.T) {
	dir := initArchive(t)
	q := &quota{left: 1 << 20}
	a := openArchive(t, dir, Options{MaxFile: 3 << 10, open: q.open})
	put(t, a, page("/0", noise(100)))
	refused := 0
	for room := int64(0); ; room += 13 {
		q.left = room
		before, n := archiveFiles(t, dir), a.Len()
		c, err := a.Put(context.Background(), page(fmt.Sprint("/", room), noise(1200)+fmt.Sprint(room)))
		if err == nil {
			if c.Seq < 2 {
				t.Fatal(c)
			}
			if len(a.st.files) < 2 {
				continue // not yet with the beginning of a new file
			}
			break
		}
		refused++
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
		if a.Len() > n { // the new file's warcinfo may have fitted, the capture not
			if a.Len() != n+1 || len(a.st.files) < 2 {
				t.Fatalf("%d entries, then %d", n, a.Len())
			}
			continue
		}
		if after := archiveFiles(t, dir); fmt.Sprint(after) != fmt.Sprint(before) {
			t.Fatalf("with room for %d bytes: %v, then %v", room, before, after)
		}
	}
	if refused < 50 {
		t.Errorf("refused %d times", refused)
	}
	q.left = 1 << 20
	put(t, a, page("/there is room again"[:6], "x"))
	closeArchive(t, a)
	verifyClean(t, dir)
}

func TestFailedUndo(t *testing.T) {
	dir := initArchive(t)
	q := &quota{left: 1 << 20}
	a := openArchive(t, dir, Options{open: q.open})
	put(t, a, page("/0", "x"))
	q.left, q.noUndo = 50, true
	if _, err := a.Put(context.Background(), page("/1", "y")); !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	q.left = 1 << 20
	if _, err := a.Put(context.Background(), page("/2", "z")); err == nil {
		t.Error("stored behind a torn record")
	}
	a.Close()
	b := openArchive(t, dir, Options{})
	if len(b.Recovered()) == 0 {
		t.Error("nothing recovered")
	}
	put(t, b, page("/2", "z"))
	closeArchive(t, b)
	verifyClean(t, dir)
}

func TestFailedSync(t *testing.T) {
	dir := initArchive(t)
	q := &quota{left: 1 << 20}
	a := openArchive(t, dir, Options{open: q.open})
	put(t, a, page("/0", "x"))
	q.failSync = true
	if err := a.Sync(); !errors.Is(err, syscall.EIO) {
		t.Fatal(err)
	}
	if _, err := a.Put(context.Background(), page("/1", "y")); err == nil {
		t.Error("stored after a sync that failed")
	}
	h, err := a.Head()
	if err != nil || h.Size != 0 {
		t.Errorf("signed %d entries that may not be on the disk", h.Size)
	}
}

// With TAMGA_TEST_WRITER set the test binary is a crawler that stores pages
// until it is killed, and says after each Put what it has stored.
func TestMain(m *testing.M) {
	dir := os.Getenv("TAMGA_TEST_WRITER")
	if dir == "" {
		os.Exit(m.Run())
	}
	a, err := Open(dir, Options{MaxFile: 64 << 10, Logger: quiet})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	for i := a.Len(); ; i++ {
		c, err := a.Put(context.Background(), page(fmt.Sprint("/", i), fmt.Sprint(i, noise(int(i*37%4000)))))
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println("stored", c.Seq, c.Digest)
		if i%40 == 0 {
			if err := a.Sync(); err != nil {
				fmt.Println(err)
				os.Exit(1)
			}
		}
	}
}

func TestKill(t *testing.T) {
	dir := initArchive(t)
	stored := map[int64]tamga.Digest{}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for round := range 8 {
		cmd := exec.Command(self)
		cmd.Env = append(os.Environ(), "TAMGA_TEST_WRITER="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ {
			var seq int64
			var d tamga.Digest
			if _, err := fmt.Sscanf(lines.Text(), "stored %d %s", &seq, &d); err != nil {
				t.Fatalf("writer: %s", lines.Text())
			}
			stored[seq] = d
			if n == 20+round*17 {
				cmd.Process.Signal(syscall.SIGKILL)
			}
		}
		cmd.Wait()
		before := archiveFiles(t, dir)
		r, err := Verify(context.Background(), dir, nil)
		if err != nil || !r.OK {
			t.Fatalf("round %d: %v %+v", round, err, r)
		}
		if after := archiveFiles(t, dir); fmt.Sprint(before) != fmt.Sprint(after) {
			t.Fatalf("verify wrote: %v, then %v", before, after)
		}
	}
	a := openArchive(t, dir, Options{Now: time.Now})
	for seq, d := range stored {
		if c, err := a.Capture(seq); err != nil || c.Digest != d {
			t.Errorf("capture %d of a killed writer: %v %v, want %s", seq, c.Digest, err, d)
		}
	}
	if len(stored) < 8*20 {
		t.Errorf("%d captures stored", len(stored))
	}
	closeArchive(t, a)
	verifyClean(t, dir)
}
