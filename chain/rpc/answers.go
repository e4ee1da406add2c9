package rpc

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// ErrAnswers says that kept answers are damaged.
var ErrAnswers = errors.New("kept answers are damaged")

// Kept is what is known of a kept answer beside its bytes.
type Kept struct {
	Origin  string    `json:"origin"`  // the server, without credentials
	Dialect string    `json:"dialect"` // node, esplora
	Asked   string    `json:"asked"`   // the question
	Status  int       `json:"status"`  // of HTTP
	Time    time.Time `json:"time"`    // when the answer came, UTC
	Height  int64     `json:"height"`  // of the last block the server had told of; -1 where unknown
	SHA256  string    `json:"sha256"`  // of the answer's bytes as they came
	Size    int       `json:"size"`    // of the answer's bytes
	Form    string    `json:"form"`    // how they are stored: plain, gzip, or same (as an earlier answer)
}

// Layout of a record (docs/formats/answers.md).
const (
	answersExt   = ".answers"
	answersMagic = "TAns"
	recordHead   = 4 + 4 + 4 + 32 + 32
	maxHead      = 64 << 10
	maxBody      = 256 << 20
	gzipFrom     = 1 << 10 // bytes; shorter answers are stored as they are
)

// Answers is a folder of kept answers: append-only files, one for every run that
// kept something. It is read whole when it is opened, apart from the answers
// themselves. It is not safe for use by several goroutines; several programs may
// use one folder.
type Answers struct {
	dir    string
	files  []string
	w      *os.File
	at     int64
	now    func() time.Time
	last   map[[32]byte]place // by origin and question: the latest answer
	stored map[[32]byte]place // by SHA-256 of the answer: where its bytes are
	order  []string           // origins with their dialects, latest last
	torn   []string
	broken error
}

// place is where a record stands.
type place struct {
	file int
	off  int64
}

// OpenAnswers opens the folder, which need not exist, for reading and keeping. A
// record that a killed program left unfinished at the end of its file is passed
// over and named by Torn; damage elsewhere is an error.
func OpenAnswers(dir string, now func() time.Time) (*Answers, error) {
	s := &Answers{dir: dir, now: now, last: map[[32]byte]place{}, stored: map[[32]byte]place{}}
	entries, err := os.ReadDir(dir) // sorted by name
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("open answers: %w", err)
	}
	for _, e := range entries {
		name := filepath.Join(dir, e.Name())
		if filepath.Ext(name) != answersExt {
			continue
		}
		s.files = append(s.files, name)
		if err := s.load(len(s.files) - 1); err != nil {
			return nil, fmt.Errorf("open answers %s: %w", name, err)
		}
	}
	return s, nil
}

// Torn names the files whose last record is unfinished.
func (s *Answers) Torn() []string { return s.torn }

// Dir is the folder.
func (s *Answers) Dir() string { return s.dir }

// Len is the number of questions that have an answer.
func (s *Answers) Len() int { return len(s.last) }

// All calls fn with the latest answer to every question, in the order they were
// kept, and returns its first error.
func (s *Answers) All(fn func(k *Kept, body []byte) error) error {
	at := slices.Collect(maps.Values(s.last))
	slices.SortFunc(at, func(a, b place) int { return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.off, b.off)) })
	for _, p := range at {
		k, body, err := s.get(p)
		if err != nil {
			return fmt.Errorf("read answers %s: %w: at byte %d: %w", s.files[p.file], ErrAnswers, p.off, err)
		}
		if err := fn(k, body); err != nil {
			return err
		}
	}
	return nil
}

// Close ends the use of the store.
func (s *Answers) Close() error {
	if s.w == nil {
		return nil
	}
	err := errors.Join(s.w.Sync(), s.w.Close())
	s.w = nil
	return err
}

// load reads the records of a file, without their bodies.
func (s *Answers) load(file int) error {
	f, err := os.Open(s.files[file])
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	torn, err := records(f, info.Size(), func(k *Kept, off int64) { s.note(k, place{file, off}) })
	if torn {
		s.torn = append(s.torn, s.files[file])
	}
	return err
}

// records calls fn for every record, and says whether the last one is unfinished.
func records(r io.ReaderAt, size int64, fn func(k *Kept, off int64)) (torn bool, err error) {
	for off := int64(0); off < size; {
		k, n, err := readHead(r, off, size)
		if err != nil {
			whole, scanErr := later(r, off+1, size)
			if whole || scanErr != nil {
				return false, errors.Join(fmt.Errorf("%w: at byte %d: %w", ErrAnswers, off, err), scanErr)
			}
			return true, nil
		}
		fn(k, off)
		off += n
	}
	return false, nil
}

// note takes a record into the tables.
func (s *Answers) note(k *Kept, at place) {
	s.last[questionKey(k.Origin, k.Asked)] = at
	if sum, err := hex.DecodeString(k.SHA256); err == nil && len(sum) == 32 && k.Form != "same" {
		if _, ok := s.stored[[32]byte(sum)]; !ok {
			s.stored[[32]byte(sum)] = at
		}
	}
	o := k.Dialect + " " + k.Origin
	if n := len(s.order); n == 0 || s.order[n-1] != o {
		s.order = append(slices.DeleteFunc(s.order, func(x string) bool { return x == o }), o)
	}
}

func questionKey(origin, asked string) [32]byte {
	return sha256.Sum256([]byte(origin + "\n" + asked))
}

// readHead reads the head of a record, compares its checksum and returns the
// record's whole size. The body is there; it is compared when it is read.
func readHead(r io.ReaderAt, off, size int64) (*Kept, int64, error) {
	var b [recordHead]byte
	if off+recordHead > size {
		return nil, 0, io.ErrUnexpectedEOF
	}
	if _, err := r.ReadAt(b[:], off); err != nil {
		return nil, 0, err
	}
	head, body := binary.LittleEndian.Uint32(b[4:]), binary.LittleEndian.Uint32(b[8:])
	if string(b[:4]) != answersMagic || head > maxHead || body > maxBody {
		return nil, 0, errors.New("no record")
	}
	n := int64(recordHead) + int64(head) + int64(body)
	if off+n > size {
		return nil, 0, io.ErrUnexpectedEOF
	}
	text := make([]byte, head)
	if _, err := r.ReadAt(text, off+recordHead); err != nil {
		return nil, 0, err
	}
	if headSum(b[:], text) != [32]byte(b[12:44]) {
		return nil, 0, errors.New("the head of the record differs from its checksum")
	}
	var k Kept
	if err := json.Unmarshal(text, &k); err != nil {
		return nil, 0, err
	}
	return &k, n, nil
}

// later looks for a whole, true record from off on: with one, what stands before
// it is damage and no torn tail. It reads every byte at most a few times.
func later(r io.ReaderAt, off, size int64) (bool, error) {
	window := min(size, 1<<20)
	buf := make([]byte, window+int64(len(answersMagic))-1)
	spent := int64(0)
	for ; off < size; off += window {
		n, err := r.ReadAt(buf[:min(int64(len(buf)), size-off)], off)
		if err != nil && err != io.EOF {
			return false, err
		}
		part := buf[:n]
		for i := bytes.Index(part, []byte(answersMagic)); i >= 0 && int64(i) < window; {
			if spent > 4*size {
				return true, nil // so many false starts are no torn tail
			}
			_, length, err := readHead(r, off+int64(i), size)
			if err == nil {
				spent += length
				if _, _, err := readRecord(r, off+int64(i), size); err == nil {
					return true, nil
				}
			}
			next := bytes.Index(part[i+1:], []byte(answersMagic))
			if next < 0 {
				break
			}
			i += 1 + next
		}
	}
	return false, nil
}

// readRecord reads a record and compares its checksums.
func readRecord(r io.ReaderAt, off, size int64) (*Kept, []byte, error) {
	k, n, err := readHead(r, off, size)
	if err != nil {
		return nil, nil, err
	}
	b := make([]byte, n)
	if _, err := r.ReadAt(b, off); err != nil {
		return nil, nil, err
	}
	body := b[recordHead+int(binary.LittleEndian.Uint32(b[4:])):]
	if sha256.Sum256(body) != [32]byte(b[44:recordHead]) {
		return nil, nil, errors.New("the body of the record differs from its checksum")
	}
	return k, body, nil
}

// headSum is the SHA-256 of a record's sizes, body checksum and head.
func headSum(b, head []byte) [32]byte {
	h := sha256.New()
	h.Write(b[4:12])
	h.Write(b[44:recordHead])
	h.Write(head)
	return [32]byte(h.Sum(nil))
}

// Latest returns the latest answer to a question that an origin was asked, with
// its bytes compared with their SHA-256; ok is false where it never was.
func (s *Answers) Latest(origin, asked string) (k *Kept, body []byte, ok bool, err error) {
	at, ok := s.last[questionKey(origin, asked)]
	if !ok {
		return nil, nil, false, nil
	}
	k, body, err = s.get(at)
	if err == nil && (k.Origin != origin || k.Asked != asked) {
		err = errors.New("the record is of another question")
	}
	if err != nil {
		return nil, nil, false, fmt.Errorf("read answers %s: %w: at byte %d: %w", s.files[at.file], ErrAnswers, at.off, err)
	}
	return k, body, true, nil
}

// get reads the record at a place with its bytes as they came.
func (s *Answers) get(at place) (*Kept, []byte, error) {
	f, err := os.Open(s.files[at.file])
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	k, body, err := readRecord(f, at.off, info.Size())
	if err != nil {
		return nil, nil, err
	}
	switch k.Form {
	case "plain":
	case "gzip":
		z, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return nil, nil, err
		}
		if body, err = io.ReadAll(io.LimitReader(z, int64(k.Size)+1)); err != nil {
			return nil, nil, err
		}
	case "same":
		sum, err := hex.DecodeString(k.SHA256)
		if err != nil || len(sum) != 32 {
			return nil, nil, errors.New("no SHA-256")
		}
		first, ok := s.stored[[32]byte(sum)]
		if !ok {
			return nil, nil, errors.New("the earlier answer that it equals is gone")
		}
		earlier, body, err := s.get(first)
		if err == nil && earlier.SHA256 != k.SHA256 {
			err = errors.New("the earlier answer is another one")
		}
		return k, body, err
	default:
		return nil, nil, fmt.Errorf("no form %q", k.Form)
	}
	if sum := sha256.Sum256(body); len(body) != k.Size || hex.EncodeToString(sum[:]) != k.SHA256 {
		return nil, nil, errors.New("the answer differs from its SHA-256")
	}
	return k, body, nil
}

// Put keeps an answer. It is in the file, as far as the operating system is
// concerned, when Put returns. After a failed write nothing more is kept.
func (s *Answers) Put(k Kept, body []byte) error {
	if s.broken == nil {
		s.broken = s.put(k, body)
	}
	if s.broken != nil {
		return fmt.Errorf("keep an answer in %s: %w", s.dir, s.broken)
	}
	return nil
}

func (s *Answers) put(k Kept, body []byte) error {
	if s.w == nil {
		if err := s.create(); err != nil {
			return err
		}
	}
	sum := sha256.Sum256(body)
	k.SHA256, k.Size, k.Form = hex.EncodeToString(sum[:]), len(body), "plain"
	k.Time = k.Time.UTC()
	if _, ok := s.stored[sum]; ok {
		k.Form, body = "same", nil
	} else if len(body) >= gzipFrom {
		var z bytes.Buffer
		w, _ := gzip.NewWriterLevel(&z, gzip.BestSpeed) // the level is valid
		if _, err := w.Write(body); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
		k.Form, body = "gzip", z.Bytes()
	}
	head, err := json.Marshal(k)
	if err != nil {
		return err
	}
	if len(head) > maxHead || len(body) > maxBody {
		return fmt.Errorf("a head of %d bytes and a body of %d", len(head), len(body))
	}
	b := make([]byte, recordHead, recordHead+len(head)+len(body))
	copy(b, answersMagic)
	binary.LittleEndian.PutUint32(b[4:], uint32(len(head)))
	binary.LittleEndian.PutUint32(b[8:], uint32(len(body)))
	stored := sha256.Sum256(body)
	copy(b[44:], stored[:])
	check := headSum(b, head)
	copy(b[12:], check[:])
	b = append(append(b, head...), body...)
	if _, err := s.w.Write(b); err != nil {
		return err
	}
	s.note(&k, place{len(s.files) - 1, s.at})
	s.at += int64(len(b))
	return nil
}

// create starts a file of its own for this run: its name sorts after all others.
func (s *Answers) create() error {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	n := 1
	if len(s.files) > 0 {
		base := strings.TrimSuffix(filepath.Base(s.files[len(s.files)-1]), answersExt)
		if _, err := fmt.Sscanf(base, "%d", &n); err != nil {
			return fmt.Errorf("%s has no number", base)
		}
		n++
	}
	for ; ; n++ {
		name := filepath.Join(s.dir, fmt.Sprintf("%06d%s", n, answersExt))
		f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if errors.Is(err, os.ErrExist) {
			continue // another program's
		}
		if err != nil {
			return err
		}
		s.w, s.at, s.files = f, 0, append(s.files, name)
		return nil
	}
}

// Origins are the servers whose answers are kept, with their dialects, the one
// asked last first.
func (s *Answers) Origins() (all []Kept) {
	for _, o := range slices.Backward(s.order) {
		dialect, origin, _ := strings.Cut(o, " ")
		all = append(all, Kept{Dialect: dialect, Origin: origin})
	}
	return all
}
