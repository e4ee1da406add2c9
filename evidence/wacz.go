package evidence

import (
	"archive/zip"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"time"

	"github.com/klauspost/compress/gzip"
	"golang.org/x/mod/sumdb/note"
)

// ExportWACZ writes captures with all that is needed to check them elsewhere to
// w. That it was done, and what was redacted, is a claim in the log before the
// first byte is written.
func (a *Archive) ExportWACZ(ctx context.Context, w io.Writer, opt WACZOptions) (WACZSummary, error) {
	s, err := a.exportWACZ(ctx, w, opt)
	if err != nil {
		return s, fmt.Errorf("export WACZ: %w", err)
	}
	return s, nil
}

func (a *Archive) exportWACZ(ctx context.Context, w io.Writer, opt WACZOptions) (WACZSummary, error) {
	if a.signer == nil {
		return WACZSummary{}, errors.New("the archive is open for reading")
	}
	opt.Captures = slices.Clone(opt.Captures)
	slices.Sort(opt.Captures)
	opt.Captures = slices.Compact(opt.Captures)
	if opt.Redact == nil {
		opt.Redact = SecretHeaders
	}
	x := &waczWriter{a: a, opt: opt, created: a.opt.Now().UTC().Round(0), sum: WACZSummary{Redacted: map[string]int64{}}}
	counter := &countWriter{w: w}
	x.zip = zip.NewWriter(counter)
	if err := x.write(ctx); err != nil {
		return x.sum, err
	}
	x.sum.Bytes = counter.n
	return x.sum, nil
}

type countWriter struct {
	w io.Writer
	n int64
}

func (c *countWriter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}

type waczWriter struct {
	a         *Archive
	opt       WACZOptions
	zip       *zip.Writer
	created   time.Time
	sum       WACZSummary
	resources []waczResource
	cdx       []string
	method    string // of the capture that is being written, where it is not GET
	pages     *spool
	listed    *spool  // captures without entry and proof: those are read again
	numbers   []int64 // of those
}

type waczResource struct {
	Name  string `json:"name"`
	Path  string `json:"path"`
	Hash  string `json:"hash"`
	Bytes int64  `json:"bytes"`
}

// write makes the WARC first, beside the zip: what is redacted must be in the
// log before the head is signed that everything is proven under.
func (x *waczWriter) write(ctx context.Context) error {
	var warc *spool
	for _, s := range []**spool{&warc, &x.pages, &x.listed} {
		var err error
		if *s, err = newSpool(); err != nil {
			return err
		}
		defer (*s).close()
	}
	if err := x.warc(ctx, warc); err != nil {
		return err
	}
	head, err := x.log(ctx)
	if err != nil {
		return err
	}
	if err := x.add(waczWARC, warc.copyTo); err != nil {
		return err
	}
	slices.Sort(x.cdx)
	if err := x.add(waczCDX, func(w io.Writer) error {
		for _, line := range x.cdx {
			if _, err := io.WriteString(w, line+"\n"); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		return err
	}
	if err := x.add(waczPages, x.pages.copyTo); err != nil {
		return err
	}
	if err := x.add(waczCaptures, func(w io.Writer) error { return x.captures(ctx, w) }); err != nil {
		return err
	}
	if err := x.logFiles(head); err != nil {
		return err
	}
	return x.finish()
}

// add writes one file, stored: a reader of records seeks in it, and every byte
// of the zip is then under a digest.
func (x *waczWriter) add(name string, f func(io.Writer) error) error {
	w, err := x.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store, Modified: x.created})
	if err != nil {
		return err
	}
	sum := sha256.New()
	c := &countWriter{w: io.MultiWriter(w, sum)}
	if err := f(c); err != nil {
		return err
	}
	x.resources = append(x.resources, waczResource{filepath.Base(name), name, "sha256:" + hex.EncodeToString(sum.Sum(nil)), c.n})
	return nil
}

// log claims the export and signs a head over the claim.
func (x *waczWriter) log(ctx context.Context) (Head, error) {
	headers := slices.Clone(x.opt.Redact)
	slices.Sort(headers)
	x.opt.Redact = headers
	text, err := encodeEntry(struct {
		Format    string           `json:"format"`
		Captures  int64            `json:"captures"`
		List      string           `json:"list"` // their numbers
		Selection any              `json:"selection,omitempty"`
		Operator  string           `json:"operator,omitempty"`
		Headers   []string         `json:"redacted_headers"`
		Redacted  map[string]int64 `json:"redacted"`
	}{waczFormat, x.sum.Captures, ranges(x.numbers), x.opt.Selection, x.a.opt.Operator, headers, x.sum.Redacted})
	if err != nil {
		return Head{}, err
	}
	if x.sum.Entry, err = x.a.Claim(ctx, claimExport, text); err != nil {
		return Head{}, err
	}
	if err := x.a.Sync(); err != nil {
		return Head{}, err
	}
	head, err := x.a.Head()
	x.sum.LogSize = head.Size
	return head, err
}

// captures writes the entries with their proofs.
func (x *waczWriter) captures(ctx context.Context, w io.Writer) error {
	gz := gzip.NewWriter(w)
	enc := json.NewEncoder(gz)
	enc.SetEscapeHTML(false)
	if err := json.NewEncoder(x.listed).Encode(waczCapture{Seq: x.sum.Entry}); err != nil {
		return err
	}
	list, err := x.listed.reader()
	if err != nil {
		return err
	}
	for dec := json.NewDecoder(list); ; {
		var c waczCapture
		if err := dec.Decode(&c); err == io.EOF {
			break
		} else if err := cmp.Or(err, ctx.Err()); err != nil {
			return err
		}
		p, err := x.a.Prove(c.Seq)
		if err != nil {
			return err
		}
		text, err := x.a.text(c.Seq)
		if err != nil {
			return err
		}
		c.Entry, c.Proof = string(text), p.Path
		if err := enc.Encode(c); err != nil {
			return err
		}
	}
	return gz.Close()
}

// logFiles writes the manifest, the head, the key and the stamps.
func (x *waczWriter) logFiles(head Head) error {
	m := waczManifestJSON{
		Format: waczFormat, Created: x.created, Software: toolName, Operator: x.a.opt.Operator,
		Log: x.a.st.verifier.Name(), LogSize: head.Size, Captures: x.sum.Captures, Removed: x.sum.Removed, Selection: x.opt.Selection,
		Headers: x.opt.Redact, Redacted: x.sum.Redacted, Entry: x.sum.Entry, Heads: []waczHead{},
	}
	key, err := readSmall(filepath.Join(x.a.dir, keyFile))
	if err != nil {
		return err
	}
	put := func(name string, data []byte) error {
		return x.add(name, func(w io.Writer) error { _, err := w.Write(data); return err })
	}
	if err := errors.Join(put(waczLog+"head", head.Note), put(waczLog+"key", key)); err != nil {
		return err
	}
	stamps, err := Stamps(x.a.dir)
	if err != nil {
		return err
	}
	last := int64(0)
	for _, s := range stamps {
		if s.Head > head.Size {
			continue
		}
		data, err := readStamp(filepath.Join(x.a.dir, stampDir, s.File))
		if err != nil {
			return err
		}
		if s.Head != last {
			last = s.Head
			kept, err := ReadHead(x.a.dir, s.Head)
			if err != nil {
				return err
			}
			h := waczHead{Size: s.Head}
			if h.Proof, err = x.a.proveHead(s.Head, head.Size); err != nil {
				return err
			}
			m.Heads = append(m.Heads, h)
			if err := put(waczLog+"timestamps/"+stampName(s.Head, "", kindHead), kept); err != nil {
				return err
			}
		}
		if err := put(waczLog+"timestamps/"+s.File, data); err != nil {
			return err
		}
	}
	text, err := encodeEntry(m)
	if err != nil {
		return err
	}
	return put(waczManifest, append(text, '\n'))
}

// finish writes what names the other files: the package, its digest, and that
// digest signed with the key of the log.
func (x *waczWriter) finish() error {
	title := x.opt.Title
	if title == "" {
		title = "Captures of " + x.a.st.verifier.Name()
	}
	pkg, err := json.MarshalIndent(struct {
		Profile   string         `json:"profile"`
		Version   string         `json:"wacz_version"`
		Title     string         `json:"title"`
		Created   string         `json:"created"`
		Software  string         `json:"software"`
		Resources []waczResource `json:"resources"`
	}{"data-package", waczVersion, title, x.created.Format(time.RFC3339), toolName, x.resources}, "", "  ")
	if err != nil {
		return err
	}
	pkg = append(pkg, '\n')
	sum := sha256.Sum256(pkg)
	sig, err := note.Sign(&note.Note{Text: waczSigned(sum[:])}, x.a.signer)
	if err != nil {
		return err
	}
	for _, f := range []struct {
		name string
		data []byte
	}{{waczPackage, pkg}, {waczDigest, waczDigestJSON(sum[:])}, {waczSignature, sig}} {
		w, err := x.zip.CreateHeader(&zip.FileHeader{Name: f.name, Method: zip.Store, Modified: x.created})
		if err != nil {
			return err
		}
		if _, err := w.Write(f.data); err != nil {
			return err
		}
	}
	return x.zip.Close()
}
