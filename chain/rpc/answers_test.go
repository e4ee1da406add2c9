package rpc

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func instant() time.Time { return time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC) }

// fill keeps n answers of several sizes and forms.
func fill(t testing.TB, dir string, n int) {
	t.Helper()
	s, err := OpenAnswers(dir, instant)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		k := Kept{Origin: "http://127.0.0.1:8332", Dialect: "node", Asked: fmt.Sprint("question ", i), Status: 200, Time: instant(), Height: int64(i)}
		if err := s.Put(k, body(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// body is short, long (stored compressed), or equal to an earlier one.
func body(i int) []byte {
	switch i % 3 {
	case 0:
		return fmt.Appendf(nil, "answer %d TAns", i)
	case 1:
		return bytes.Repeat(fmt.Appendf(nil, "long %d ", i), 200)
	}
	return body(i - 1)
}

func check(t *testing.T, s *Answers, n int) {
	t.Helper()
	for i := range n {
		k, b, ok, err := s.Latest("http://127.0.0.1:8332", fmt.Sprint("question ", i))
		if err != nil || !ok || !bytes.Equal(b, body(i)) || k.Height != int64(i) || !k.Time.Equal(instant()) || k.Status != 200 {
			t.Fatalf("answer %d: %+v, %d bytes, %v, %v", i, k, len(b), ok, err)
		}
	}
}

func onlyFile(t *testing.T, dir string) (string, []byte) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*"+answersExt))
	if err != nil || len(names) != 1 {
		t.Fatal(names, err)
	}
	b, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	return names[0], b
}

func TestAnswers(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "case [1]*", "answers") // no pattern
	fill(t, dir, 9)
	s, err := OpenAnswers(dir, instant)
	if err != nil {
		t.Fatal(err)
	}
	check(t, s, 9)
	if _, _, ok, err := s.Latest("http://127.0.0.1:8332", "question 99"); ok || err != nil {
		t.Error(ok, err)
	}
	if _, _, ok, _ := s.Latest("http://127.0.0.1:8333", "question 1"); ok {
		t.Error("another server's answer")
	}
	file, err := os.ReadFile(s.files[0])
	if err != nil {
		t.Fatal(err)
	}
	if long := len(body(1)) * 3; len(file) > long {
		t.Errorf("%d bytes: neither compressed nor stored once", len(file))
	}
	// The next run appends to a file of its own; its answer is the latest.
	if err := s.Put(Kept{Origin: "http://127.0.0.1:8332", Dialect: "node", Asked: "question 1"}, []byte("new")); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := OpenAnswers(dir, instant)
	if err != nil {
		t.Fatal(err)
	}
	if _, b, _, err := again.Latest("http://127.0.0.1:8332", "question 1"); string(b) != "new" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	if len(again.files) != 2 {
		t.Errorf("files %v", again.files)
	}
}

// TestTornAnswers cuts the file at every byte: what was whole is there, and what
// was not is named, whatever the cut went through.
func TestTornAnswers(t *testing.T) {
	dir := t.TempDir()
	fill(t, dir, 4)
	name, file := onlyFile(t, dir)
	var ends []int
	for off := 0; off < len(file); {
		ends = append(ends, off)
		off += recordHead + int(binary.LittleEndian.Uint32(file[off+4:])) + int(binary.LittleEndian.Uint32(file[off+8:]))
	}
	for n := range file {
		if err := os.WriteFile(name, file[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := OpenAnswers(dir, instant)
		if err != nil {
			t.Fatalf("cut at %d: %v", n, err)
		}
		whole, at := 0, true
		for i := range ends {
			if i+1 < len(ends) && ends[i+1] <= n {
				whole = i + 1
			}
		}
		at = whole < len(ends) && ends[whole] == n
		if torn := len(s.Torn()) == 1; torn == at {
			t.Fatalf("cut at %d: torn %v", n, s.Torn())
		}
		check(t, s, whole)
		if len(s.last) != whole {
			t.Fatalf("cut at %d: %d answers, want %d", n, len(s.last), whole)
		}
	}
}

// TestDamagedAnswers flips every byte but those of the last record: each is
// noticed, at the latest when the answer is read.
func TestDamagedAnswers(t *testing.T) {
	dir := t.TempDir()
	fill(t, dir, 4)
	name, file := onlyFile(t, dir)
	last := bytes.LastIndex(file, []byte(answersMagic)) // that of record 3 has no other after it but in its body
	last = bytes.LastIndex(file[:last], []byte(answersMagic))
	for n := range last {
		bad := bytes.Clone(file)
		bad[n] ^= 1 << (n % 8)
		if err := os.WriteFile(name, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := OpenAnswers(dir, instant)
		for i := 0; err == nil && i < 4; i++ {
			k, b, ok, readErr := s.Latest("http://127.0.0.1:8332", fmt.Sprint("question ", i))
			if err = readErr; err == nil && ok && (!bytes.Equal(b, body(i)) || k.Height != int64(i)) {
				t.Fatalf("byte %d: answer %d is another one", n, i)
			}
			if err == nil && !ok {
				err = fmt.Errorf("%w: answer %d is gone", ErrAnswers, i) // its question was changed in the head
				if len(s.last) != 4 {
					t.Fatalf("byte %d: %d answers and no error", n, len(s.last))
				}
			}
		}
		if !errors.Is(err, ErrAnswers) {
			t.Fatalf("byte %d: %v", n, err)
		}
	}
}

// TestAnswersAtOnce: programs that keep answers at the same time do not meet.
func TestAnswersAtOnce(t *testing.T) {
	dir := t.TempDir()
	var all []*Answers
	for range 3 {
		s, err := OpenAnswers(dir, instant)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	for i, s := range append(all, all...) {
		if err := s.Put(Kept{Origin: "http://o", Dialect: "esplora", Asked: fmt.Sprint(i)}, body(i)); err != nil {
			t.Fatal(err)
		}
	}
	s, err := OpenAnswers(dir, instant)
	if err != nil || len(s.last) != 6 || len(s.files) != 3 {
		t.Fatal(len(s.last), s.files, err)
	}
	for i := range 6 {
		if _, b, ok, err := s.Latest("http://o", fmt.Sprint(i)); !ok || err != nil || !bytes.Equal(b, body(i)) {
			t.Error(i, ok, err)
		}
	}
}

// TestKilledTrace kills a program that keeps answers with SIGKILL, again and
// again: what it kept before can be read.
func TestKilledTrace(t *testing.T) {
	if dir := os.Getenv("TAMGA_TEST_KEEP"); dir != "" {
		s, err := OpenAnswers(dir, instant)
		for i := 0; err == nil; i++ {
			err = s.Put(Kept{Origin: "http://o", Dialect: "node", Asked: fmt.Sprint(i)}, body(i))
			if i == 50 {
				fmt.Println("going on")
			}
		}
		t.Fatal(err)
	}
	dir := t.TempDir()
	for range 5 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestKilledTrace$")
		cmd.Env = append(os.Environ(), "TAMGA_TEST_KEEP="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := out.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		cmd.Process.Kill()
		cmd.Wait()
	}
	s, err := OpenAnswers(dir, instant)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.files) != 5 || len(s.last) < 50 {
		t.Fatal(s.files, len(s.last))
	}
	for i := range len(s.last) {
		if _, b, ok, err := s.Latest("http://o", fmt.Sprint(i)); !ok || err != nil || !bytes.Equal(b, body(i)) {
			t.Fatalf("answer %d: %v, %v", i, ok, err)
		}
	}
}

func FuzzAnswers(f *testing.F) {
	dir := f.TempDir()
	fill(f, dir, 5)
	names, _ := filepath.Glob(filepath.Join(dir, "*"))
	file, err := os.ReadFile(names[0])
	if err != nil {
		f.Fatal(err)
	}
	f.Add(file)
	f.Add(file[:len(file)-3])
	f.Add([]byte(strings.Repeat(answersMagic, 100)))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, size, end := bytes.NewReader(b), int64(len(b)), int64(0)
		torn, err := records(r, size, func(k *Kept, off int64) {
			if off < end || k == nil {
				t.Fatalf("a record at %d inside another", off)
			}
			end = off + recordHead
			readRecord(r, off, size)
		})
		if err != nil && !errors.Is(err, ErrAnswers) {
			t.Fatal(err)
		}
		if whole := err == nil && !torn; whole && end > size || torn && err != nil {
			t.Fatal(torn, err)
		}
	})
}
