package evidence

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// FileReport is what the verification of one file found, without a workspace.
type FileReport struct {
	OK         bool          `json:"ok"`
	Kind       string        `json:"kind"` // wacz, warc, tsr, ots
	Captures   int64         `json:"captures"`
	LogSize    int64         `json:"log_size"`
	Log        string        `json:"log,omitempty"` // public key of the log, as the file has it
	Records    int64         `json:"records,omitempty"`
	Recovered  []string      `json:"recovered"`
	Problems   []Problem     `json:"problems"`
	Timestamps []StampReport `json:"timestamps,omitempty"`
	Proves     []string      `json:"proves"`
	NotProven  []string      `json:"not_proven"`
}

func (r *FileReport) problem(file string, offset int64, format string, a ...any) {
	const most = 1000 // what is wrong everywhere need not be said everywhere
	if len(r.Problems) < most {
		r.Problems = append(r.Problems, Problem{file, offset, fmt.Sprintf(format, a...)})
	}
}

// end settles the report: the error wraps ErrIntegrity where there are problems.
func (r *FileReport) end(err error) (FileReport, error) {
	if r.Problems == nil {
		r.Problems = []Problem{}
	}
	if r.Proves == nil || len(r.Problems) > 0 {
		r.Proves = []string{}
	}
	if r.NotProven == nil {
		r.NotProven = []string{}
	}
	r.Recovered = []string{}
	r.OK = err == nil && len(r.Problems) == 0
	if err == nil && !r.OK {
		err = ErrIntegrity
	}
	return *r, err
}

// zipVersion is what archive/zip writes as the version that made a file.
const zipVersion = 20

// Limits of a WACZ that is read.
const (
	maxWACZFiles = 100_000
	maxWACZSmall = 16 << 20 // bytes of a JSON file
	maxWACZLine  = 3 * maxEntry
	maxWACZRatio = 200      // bytes of all files to those of the zip
	freeWACZ     = 64 << 20 // bytes of files that are never too many
)

// VerifyWACZ verifies a WACZ of size bytes without a workspace. One that
// [Archive.ExportWACZ] wrote is verified to its last byte; of any other, the
// digests of its package and of its records.
func (o VerifyOptions) VerifyWACZ(ctx context.Context, r io.ReaderAt, size int64) (FileReport, error) {
	v := &waczVerifier{r: r, size: size, opt: o, files: map[string]*zip.File{}}
	v.rep.Kind = "wacz"
	err := v.run(ctx)
	if err != nil {
		err = fmt.Errorf("verify WACZ: %w", err)
	}
	return v.rep.end(err)
}

type waczVerifier struct {
	r     io.ReaderAt
	size  int64
	opt   VerifyOptions
	rep   FileReport
	zip   *zip.Reader
	files map[string]*zip.File

	log      note.Verifier
	head     Head
	manifest waczManifestJSON
	end      int64 // of the last record in the WARC
	redacted map[string]int64
	listed   []int64
	export   *entry
}

func (v *waczVerifier) run(ctx context.Context) error {
	var err error
	if v.zip, err = zip.NewReader(v.r, v.size); err != nil {
		v.rep.problem("", 0, "not a whole zip file: %v", err)
		return nil
	}
	if len(v.zip.File) > maxWACZFiles {
		v.rep.problem("", 0, "%d files: the limit is %d", len(v.zip.File), maxWACZFiles)
		return nil
	}
	packed := uint64(0)
	for _, f := range v.zip.File {
		if packed += min(f.CompressedSize64, 1<<62); packed > uint64(v.size) {
			v.rep.problem(f.Name, 0, "the files of the zip overlap")
			return nil
		}
		if _, twice := v.files[f.Name]; twice || path.Clean("/"+f.Name) != "/"+f.Name {
			v.rep.problem(f.Name, 0, "a name that stands twice or leads elsewhere")
			return nil
		}
		v.files[f.Name] = f
	}
	own := v.files[waczManifest] != nil || v.files[waczSignature] != nil
	sum, listed, err := v.pkg(ctx)
	if err != nil || sum == nil {
		return err
	}
	if !own {
		return v.foreign(ctx)
	}
	v.form()
	for name := range v.files {
		if !listed[name] && name != waczPackage && name != waczDigest && name != waczSignature {
			v.rep.problem(name, 0, "a file that the package does not name")
		}
	}
	if !v.signed(sum) || len(v.rep.Problems) > 0 {
		return nil // what follows would only say it again
	}
	if err := v.captures(ctx); err != nil {
		return err
	}
	v.stamps()
	v.conclude()
	return nil
}

// small reads a small file.
func (v *waczVerifier) small(name string) ([]byte, bool) {
	f := v.files[name]
	if f == nil {
		v.rep.problem(name, 0, "the file is missing")
		return nil, false
	}
	r, err := f.Open()
	if err != nil {
		v.rep.problem(name, 0, "%v", err)
		return nil, false
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, maxWACZSmall+1))
	if err == nil && len(b) > maxWACZSmall {
		err = fmt.Errorf("longer than %d bytes", maxWACZSmall)
	}
	if err != nil {
		v.rep.problem(name, 0, "%v", err)
		return nil, false
	}
	return b, true
}

// pkg checks the package, its digest, and the digest of each file it names.
func (v *waczVerifier) pkg(ctx context.Context) (sum []byte, listed map[string]bool, err error) {
	b, ok := v.small(waczPackage)
	if !ok {
		return nil, nil, nil
	}
	s := sha256.Sum256(b)
	var digest struct{ Path, Hash string }
	if v.files[waczDigest] == nil {
		v.rep.NotProven = append(v.rep.NotProven, "that "+waczPackage+" is as it was written: there is no "+waczDigest)
	} else if d, ok := v.small(waczDigest); ok {
		if err := json.Unmarshal(d, &digest); err != nil || digest.Path != waczPackage || digest.Hash != "sha256:"+hex.EncodeToString(s[:]) {
			v.rep.problem(waczPackage, 0, "it does not have the digest in %s", waczDigest)
		}
		if v.files[waczSignature] != nil && !bytes.Equal(d, waczDigestJSON(s[:])) {
			v.rep.problem(waczDigest, 0, "it is not written the one right way")
		}
	}
	var pkg struct{ Resources []waczResource }
	if err := json.Unmarshal(b, &pkg); err != nil {
		v.rep.problem(waczPackage, 0, "%v", err)
		return nil, nil, nil
	}
	listed = map[string]bool{}
	left := v.size*maxWACZRatio + freeWACZ
	for _, r := range pkg.Resources {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		if listed[r.Path] {
			v.rep.problem(r.Path, 0, "the package names it twice")
			continue
		}
		listed[r.Path] = true
		f := v.files[r.Path]
		if f == nil {
			v.rep.problem(r.Path, 0, "the package names it, and it is missing")
			continue
		}
		got, n, err := hashZipped(f, min(r.Bytes, left))
		left -= n
		switch {
		case err == nil && left < 0:
			v.rep.problem(r.Path, 0, "the files unpack to more than %d times the length of the zip", maxWACZRatio)
			return nil, nil, nil
		case err != nil:
			v.rep.problem(r.Path, 0, "%v", err)
		case n != r.Bytes || got != r.Hash:
			v.rep.problem(r.Path, 0, "%d bytes with %s, the package has %d with %.80s", n, got, r.Bytes, r.Hash)
		}
	}
	return s[:], listed, nil
}

func hashZipped(f *zip.File, limit int64) (string, int64, error) {
	r, err := f.Open()
	if err != nil {
		return "", 0, err
	}
	defer r.Close()
	h := sha256.New()
	n, err := io.Copy(h, io.LimitReader(r, max(limit, 0)+1))
	return "sha256:" + hex.EncodeToString(h.Sum(nil)), n, err
}

// form compares the bytes between the files with those of a zip written anew, so
// that nothing hides there.
func (v *waczVerifier) form() {
	for _, f := range v.zip.File {
		if f.Method != zip.Store {
			v.rep.problem(f.Name, 0, "the file is compressed inside the zip")
			return
		}
		if f.CreatorVersion != zipVersion || f.ExternalAttrs != 0 || f.Comment != "" {
			v.rep.problem(f.Name, 0, "the directory of the zip file says more of it than this program writes")
			return
		}
		if f.UncompressedSize64 >= 0xffffffff {
			v.rep.NotProven = append(v.rep.NotProven, "that nothing hides between the files of the zip: it is too large for this check")
			return
		}
	}
	c := &compareWriter{r: v.r}
	z := zip.NewWriter(c)
	for _, f := range v.zip.File {
		if err := z.Copy(f); err != nil {
			v.rep.problem(f.Name, c.n, "%v", err)
			return
		}
	}
	if err := errors.Join(z.SetComment(v.zip.Comment), z.Close()); err != nil || c.n != v.size || v.zip.Comment != "" {
		v.rep.problem("", c.n, "bytes of the zip file that belong to none of its files")
	}
}

// compareWriter fails where what is written is not what r holds.
type compareWriter struct {
	r io.ReaderAt
	n int64
}

func (c *compareWriter) Write(b []byte) (int, error) {
	have := make([]byte, len(b))
	if _, err := c.r.ReadAt(have, c.n); err != nil && err != io.EOF {
		return 0, err
	}
	if !bytes.Equal(have, b) {
		return 0, errors.New("the zip file is not written the one right way")
	}
	c.n += int64(len(b))
	return len(b), nil
}

// signed checks key, head and signature, and reads the manifest.
func (v *waczVerifier) signed(sum []byte) bool {
	key, ok1 := v.small(waczLog + "key")
	head, ok2 := v.small(waczLog + "head")
	sig, ok3 := v.small(waczSignature)
	man, ok4 := v.small(waczManifest)
	if !ok1 || !ok2 || !ok3 || !ok4 {
		return false
	}
	var err error
	if v.log, err = parseKeyFile(key); err != nil {
		v.rep.problem(waczLog+"key", 0, "no public key: %v", err)
		return false
	}
	if v.head, err = parseHead(head, v.log); err != nil {
		v.rep.problem(waczLog+"head", 0, "the signed head does not verify: %v", err)
		return false
	}
	if err := openNote(sig, waczSigned(sum), v.log); err != nil {
		v.rep.problem(waczSignature, 0, "the signature of the package does not verify: %v", err)
		return false
	}
	if err := json.Unmarshal(man, &v.manifest); err != nil || v.manifest.Format != waczFormat || v.manifest.LogSize != v.head.Size {
		v.rep.problem(waczManifest, 0, "no manifest of this head: %v", err)
		return false
	}
	if v.opt.Key != "" && v.opt.Key != strings.TrimSuffix(string(key), "\n") {
		v.rep.problem(waczLog+"key", 0, "it is not the key that was given")
		return false
	}
	v.rep.Log, v.rep.LogSize = strings.TrimSuffix(string(key), "\n"), v.head.Size
	return true
}

// captures checks each entry with its proof and its records, and that the
// records cover the WARC.
func (v *waczVerifier) captures(ctx context.Context) error {
	warc := v.files[waczWARC]
	list := v.files[waczCaptures]
	if list == nil {
		list = v.files[waczCapturesBefore]
	}
	if warc == nil || list == nil {
		v.rep.problem(waczWARC, 0, "the WARC or the list of its captures is missing")
		return nil
	}
	off, err := warc.DataOffset()
	if err != nil {
		return err
	}
	w := io.NewSectionReader(v.r, off, int64(warc.UncompressedSize64))
	if v.end, err = memberEnd(w, 0); err != nil {
		v.rep.problem(waczWARC, 0, "the warcinfo record: %v", err)
		return nil
	}
	f, err := list.Open()
	if err != nil {
		return err
	}
	defer f.Close()
	gz, err := gzip.NewReader(f)
	if err != nil {
		v.rep.problem(waczCaptures, 0, "%v", err)
		return nil
	}
	lines := bufio.NewScanner(gz)
	lines.Buffer(make([]byte, 64<<10), maxWACZLine)
	v.redacted = map[string]int64{}
	last := int64(-1)
	for lines.Scan() {
		if err := ctx.Err(); err != nil {
			return err
		}
		var c waczCapture
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			v.rep.problem(waczCaptures, 0, "the line behind entry %d: %v", last, err)
			return nil
		}
		if c.Seq <= last || v.export != nil {
			v.rep.problem(waczCaptures, 0, "entry %d stands behind entry %d", c.Seq, last)
			return nil
		}
		last = c.Seq
		if err := v.capture(&c, w); err != nil {
			v.rep.problem(waczCaptures, 0, "entry %d: %v", c.Seq, err)
		}
	}
	if err := lines.Err(); err != nil {
		v.rep.problem(waczCaptures, 0, "behind entry %d: %v", last, err)
	}
	if v.end != w.Size() {
		v.rep.problem(waczWARC, v.end, "%d bytes that no capture names", w.Size()-v.end)
	}
	v.checkExport()
	return nil
}

func (v *waczVerifier) capture(c *waczCapture, warc *io.SectionReader) error {
	if err := tlog.CheckRecord(c.Proof, v.head.Size, v.head.Root, c.Seq, tlog.RecordHash([]byte(c.Entry))); err != nil {
		return fmt.Errorf("it is not proven to stand in the log: %w", err)
	}
	e, err := decodeEntry(c.Seq, []byte(c.Entry))
	if err != nil {
		return err
	}
	if e.Kind != kindCapture {
		if e.Kind == kindClaim && e.Claim == claimExport && c.Seq == v.manifest.Entry && len(c.Records) == 0 {
			v.export = e
			return nil
		}
		return fmt.Errorf("it is a %s", e.Kind)
	}
	v.rep.Captures++
	v.listed = append(v.listed, c.Seq)
	if len(c.Records) != len(e.Records) {
		return fmt.Errorf("%d of its %d records are here", len(c.Records), len(e.Records))
	}
	for i, x := range c.Records {
		if x.Index != i || x.Offset != v.end || x.Length <= 0 || x.Offset+x.Length > warc.Size() {
			return fmt.Errorf("record %d is not where it should be, at byte %d", i, v.end)
		}
		v.end += x.Length
		if err := v.record(e, e.Records[i], x, io.NewSectionReader(warc, x.Offset, x.Length)); err != nil {
			v.rep.problem(waczWARC, x.Offset, "%s of entry %d: %v", e.Records[i].Type, e.Seq, err)
		}
		for _, name := range x.Redacted {
			v.redacted[name]++
		}
	}
	return nil
}

// record checks one record of the WACZ against that of the entry.
func (v *waczVerifier) record(e *entry, r record, x waczRecord, member *io.SectionReader) error {
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(member, 0, member.Size())); err != nil {
		return err
	}
	if got := sumOf(sum); got != x.Digest {
		return fmt.Errorf("it has SHA-256 %s, its list %s", got, x.Digest)
	}
	switch x.As {
	case asSame:
		if x.Digest != r.Digest || x.Length != r.Length || len(x.Redacted) > 0 {
			return fmt.Errorf("it is not the record that the log names, %s", r.Digest)
		}
		return readMember(member, func(w *warcRecord) error { return w.matches(e, r) })
	case asRedacted, asWhole:
		for _, name := range x.Redacted {
			if !slices.Contains(v.manifest.Headers, name) {
				return fmt.Errorf("%q was redacted, which the manifest does not name", name)
			}
		}
		return readMember(member, func(w *warcRecord) error { return w.matchesChanged(e, r, x) })
	}
	return fmt.Errorf("it stands as %q", x.As)
}

// matchesChanged checks a record of which the head was redacted, or to which the
// payload was added that it refers to: the payload is that of the log.
func (w *warcRecord) matchesChanged(e *entry, r record, x waczRecord) error {
	kind := w.get("WARC-Type")
	switch {
	case x.As == asWhole && r.Type != "revisit", x.As == asWhole && kind != "response" && kind != "resource",
		x.As == asRedacted && (kind != r.Type || kind != "request" && kind != "response"):
		return fmt.Errorf("a %s of type %.40q for a %s", x.As, kind, r.Type)
	case w.get("WARC-Record-ID") != "<urn:uuid:"+r.ID+">" || w.get("WARC-Target-URI") != e.URL:
		return errors.New("it names another record or URL than the log")
	case w.get("WARC-Redacted-Header") != strings.Join(x.Redacted, ", "):
		return errors.New("it and its list disagree on what was redacted")
	case !strings.HasPrefix(w.get("WARC-Block-Digest"), "sha256:"):
		return errors.New("no WARC-Block-Digest with SHA-256")
	}
	if kind != "resource" {
		head, err := w.httpHead()
		if err != nil {
			return err
		}
		if _, found := Redact(head, x.Redacted); found != nil {
			return fmt.Errorf("%s was redacted and is there", strings.Join(found, ", "))
		}
	}
	if kind == "request" {
		if w.left > 0 {
			return errors.New("bytes behind the head")
		}
		return nil
	}
	return w.payload(e)
}

// checkExport compares the manifest with the claim in the log and with what is here.
func (v *waczVerifier) checkExport() {
	if v.export == nil {
		v.rep.problem(waczCaptures, 0, "the log entry of the export is missing")
		return
	}
	var claim struct {
		Format   string
		Captures int64
		List     string
		Redacted map[string]int64
	}
	err := json.Unmarshal(v.export.Data, &claim)
	same := func(m map[string]int64) bool {
		if len(m) != len(v.redacted) {
			return false
		}
		for k, n := range m {
			if v.redacted[k] != n {
				return false
			}
		}
		return true
	}
	if err != nil || claim.Format != waczFormat || claim.List != "" && claim.List != ranges(v.listed) || claim.Captures != v.rep.Captures || v.manifest.Captures != v.rep.Captures ||
		!same(claim.Redacted) || !same(v.manifest.Redacted) {
		v.rep.problem(waczManifest, 0, "the log, the manifest and what is here disagree on what was exported and redacted")
	}
}

// stamps checks the stamps and that their heads are of this log.
func (v *waczVerifier) stamps() {
	const folder = waczLog + "timestamps/"
	heads := map[int64][]byte{}
	for _, h := range v.manifest.Heads {
		name := folder + stampName(h.Size, "", kindHead)
		b, ok := v.small(name)
		if !ok {
			continue
		}
		k, err := parseHead(b, v.log)
		if err == nil && k.Size != h.Size {
			err = fmt.Errorf("it counts %d entries", k.Size)
		}
		if err == nil {
			err = tlog.CheckTree(h.Proof, v.head.Size, v.head.Root, k.Size, k.Root)
		}
		if err != nil {
			v.rep.problem(name, 0, "the stamped head is no prefix of the log: %v", err)
			continue
		}
		heads[h.Size] = b
	}
	for _, f := range v.zip.File {
		base, ok := strings.CutPrefix(f.Name, folder)
		if !ok {
			continue
		}
		size, _, kind, ok := parseStampName(base)
		if !ok || heads[size] == nil {
			v.rep.problem(f.Name, 0, "no stamp of a head that is proven")
			continue
		}
		if kind == kindHead {
			continue
		}
		b, ok := v.small(f.Name)
		if !ok {
			continue
		}
		opt := v.opt
		if kind == StampRFC3161 {
			if beside := folder + stampName(size, Stamp{File: base}.Label(), StampRevocation); v.files[beside] != nil {
				if opt.kept, ok = v.small(beside); !ok {
					continue
				}
			}
		}
		r, err := checkStamp(Stamp{size, base, kind}, b, heads[size], v.log, opt)
		if err != nil {
			v.rep.problem(f.Name, 0, "%v", err)
			continue
		}
		r.File = f.Name
		v.rep.Timestamps = append(v.rep.Timestamps, r)
	}
}

func (v *waczVerifier) conclude() {
	r := &v.rep
	r.Proves = append(r.Proves,
		fmt.Sprintf("the payload of each of the %d captures is the one that the log %s names, in a log of %d entries", r.Captures, v.manifest.Log, r.LogSize),
		"no byte of this file has changed since the holder of that key signed it")
	for _, s := range r.Timestamps {
		r.Proves = append(r.Proves, s.What)
	}
	if len(r.Timestamps) == 0 {
		r.NotProven = append(r.NotProven, "when the log existed: nobody else vouches for it")
	}
	if v.opt.Key == "" {
		r.NotProven = append(r.NotProven, "who holds the key: compare it with one that you got from them ("+r.Log+")")
	}
	r.NotProven = append(r.NotProven,
		"that nothing else was captured: the selection is theirs")
	if len(v.redacted) > 0 {
		r.NotProven = append(r.NotProven, "the heads that were redacted: their payload is proven, and the log says what was left out")
	}
}
