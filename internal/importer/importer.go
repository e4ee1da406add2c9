package importer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"tamga"
	"tamga/evidence"
)

// MaxRecord is the most of one record that is sealed, in bytes; a longer one is
// cut and marked as truncated.
const MaxRecord = 32 << 20

// maxProblems is how many problems of a run are listed; the rest is counted.
const maxProblems = 1000

// Media types of what is sealed. A chat's name and the like stand in parameters:
// the bytes of one message do not name it.
const (
	TypeManifest = "application/vnd.tamga.import+json"
	TypeTelegram = "application/vnd.tamga.telegram-message+json" // chat, chat-id, chat-type
	TypeDiscord  = "application/vnd.tamga.discord-message+json"  // guild, channel, channel-type, category
	TypeMail     = "message/rfc822"
)

// Importer seals files into an archive.
type Importer struct {
	Archive *evidence.Archive

	Source  string // of the captures; empty: the host, or the kind
	BaseURL string // of a folder of pages that do not tell their own
	// Gate names the list that an exchange is on by its address or its body; such a
	// record is not taken in. nil: there are no lists.
	Gate   func(ex *tamga.Exchange) (list string, found bool)
	Now    func() time.Time        // nil: time.Now
	Report func(done, total int64) // progress in bytes of the file; may be nil

	known [2]known
	last  int64 // progress last reported
}

// Problem is something that was not taken in whole, and where it stands.
type Problem struct {
	What  string `json:"what"`
	Where string `json:"where"`
}

// Summary counts what a run did.
type Summary struct {
	Kind     string    `json:"kind"`     // of the files; mixed where they differ
	Captured int64     `json:"captured"` // records sealed now
	Records  int64     `json:"records"`  // records found
	Known    int64     `json:"known"`    // of them: sealed before
	Problems []Problem `json:"problems"`
	More     int64     `json:"more_problems,omitempty"` // beyond those listed
}

func (s *Summary) problem(where, format string, a ...any) {
	if len(s.Problems) >= maxProblems {
		s.More++
		return
	}
	s.Problems = append(s.Problems, Problem{fmt.Sprintf(format, a...), where})
}

// Fail lists a file that could not be taken in.
func (s *Summary) Fail(name string, err error) { s.problem(name, "%v", err) }

// Add says that a file is of a kind.
func (s *Summary) Add(kind Kind) {
	switch s.Kind {
	case "", string(kind):
		s.Kind = string(kind)
	default:
		s.Kind = "mixed"
	}
}

// run is one file on its way in.
type run struct {
	*Importer
	ctx    context.Context
	sum    *Summary
	kind   Kind
	name   string // base name of the file
	digest string // SHA-256 of the file
	size   int64
	timed  bool // records tell when they were fetched
}

// Import takes in a file, or a folder of pages. An error is of the machine (the
// disk, an interruption); what is wrong with the file is a problem of sum.
func (im *Importer) Import(ctx context.Context, path string, kind Kind, sum *Summary) error {
	if im.Now == nil {
		im.Now = time.Now
	}
	sum.Add(kind)
	r := &run{Importer: im, ctx: ctx, sum: sum, kind: kind, name: filepath.Base(path)}
	if kind == KindHTML {
		return r.html(path)
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		sum.problem(r.name, "not a regular file")
		return nil
	}
	r.size = info.Size()
	switch kind {
	case KindTelegram:
		err = r.whole(f, r.telegram)
	case KindDiscord:
		err = r.whole(f, r.discord)
	case KindHAR:
		r.timed = true
		err = r.whole(f, r.har)
	case KindMbox:
		err = r.whole(f, r.mbox)
	case KindWARC:
		r.timed = true
		err = r.whole(f, func(in *source) error { return r.warc(in, r.name) })
	case KindWACZ:
		r.timed = true
		err = r.whole(f, func(in *source) error { return r.wacz(f) })
	default:
		return fmt.Errorf("%s: no importer for %q", r.name, kind)
	}
	return err
}

// whole seals the file's manifest and then its records. The file is read twice:
// what is said of each part must be true of the file as it is now.
func (r *run) whole(f io.ReaderAt, records func(*source) error) error {
	in := &source{r: f, run: r, size: math.MaxInt64, h: sha256.New()}
	report := r.Report
	r.Report = nil
	_, err := io.Copy(io.Discard, in)
	if r.Report = report; err != nil {
		return fmt.Errorf("read %s: %w", r.name, err)
	}
	r.size, r.digest = in.high, hex.EncodeToString(in.h.Sum(nil))
	if err := r.manifest(map[string]any{"file": r.name, "kind": r.kind, "size": r.size, "digest": "sha256:" + r.digest}); err != nil {
		return err
	}
	in = &source{r: f, run: r, size: r.size, h: sha256.New()}
	if err := records(in); err != nil {
		return r.settle(err)
	}
	if r.kind == KindWACZ { // read by its directory, not from its start
		return nil
	}
	in.off = in.high
	if _, err := io.Copy(io.Discard, in); err != nil {
		return err
	}
	if sum := hex.EncodeToString(in.h.Sum(nil)); sum != r.digest {
		r.sum.problem(r.name, "the file changed while it was read")
	}
	return nil
}

// fileError is what is wrong with the file itself.
type fileError struct{ error }

// errStop ends the reading of a file whose problem is listed already.
var errStop = errors.New("stopped")

// settle makes an error of the file a problem and passes on any other.
func (r *run) settle(err error) error {
	var bad fileError
	switch {
	case r.ctx.Err() != nil:
		return r.ctx.Err()
	case errors.Is(err, errStop):
		return nil
	case errors.As(err, &bad):
		r.sum.problem(r.name, "%v", bad.error)
		return nil
	case errors.Is(err, io.ErrUnexpectedEOF):
		r.sum.problem(where(r.name, r.size), "the file ends in the middle of a record")
		return nil
	case errors.Is(err, errNotJSON):
		r.sum.problem(r.name, "%v", err)
		return nil
	}
	return err
}

// manifest seals what is known of the whole file.
func (r *run) manifest(m map[string]any) error {
	body, err := json.Marshal(m)
	if err != nil {
		return err
	}
	ex := r.exchange("urn:sha256:"+r.digest, TypeManifest, body)
	ex.Via = ""
	if held, err := r.held(ex, false); err != nil || held {
		return err
	}
	_, err = r.put(ex, false)
	return err
}

// exchange is a record as an exchange without an HTTP head.
func (r *run) exchange(url, contentType string, body []byte) *tamga.Exchange {
	ex := &tamga.Exchange{
		URL: url, Via: "urn:sha256:" + r.digest, Route: tamga.RouteImport, Requested: r.Now(), Source: r.Source,
		Header: http.Header{"Content-Type": {contentType}}, Body: body, Outcome: tamga.OutcomeOK,
	}
	if ex.Source == "" {
		ex.Source = string(r.kind)
	}
	return ex
}

// at says where in the file a record stands.
func at(offset int64, length int) string {
	return "at byte " + strconv.FormatInt(offset, 10) + ", " + strconv.Itoa(length) + " bytes"
}

// seal seals a record that is not sealed yet.
func (r *run) seal(ex *tamga.Exchange) error {
	r.sum.Records++
	if r.Gate != nil {
		if list, found := r.Gate(ex); found { // no word of its address
			r.sum.problem(r.name, "record %d is on the blocklist %s: not taken in", r.sum.Records, list)
			return r.ctx.Err()
		}
	}
	timed := r.timed && !ex.Requested.IsZero()
	if !timed {
		ex.Requested = r.Now()
	}
	held, err := r.held(ex, timed)
	if err != nil {
		return err
	}
	if held {
		r.sum.Known++
		return r.ctx.Err()
	}
	if _, err := r.put(ex, timed); err != nil {
		return err
	}
	r.sum.Captured++
	return nil
}

// withContext is a reader that ends with its context.
type withContext struct {
	ctx context.Context
	r   io.Reader
}

func (c withContext) Read(b []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(b)
}

// countReader counts what is read.
type countReader struct {
	r io.Reader
	n *int64
}

func (c *countReader) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	*c.n += int64(n)
	return n, err
}
