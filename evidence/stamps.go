package evidence

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tamga"
)

// stampDir holds the heads that somebody else vouches for, and what they said.
const stampDir = "log/timestamps"

// The kinds of stamps, which are the ends of their file names.
const (
	StampRFC3161     = "tsr"   // TimeStampResp of RFC 3161 over the head's bytes
	StampOTS         = "ots"   // OpenTimestamps proof over the head's bytes
	StampCosignature = "cosig" // the head with the signature of a witness
	StampRevocation  = "crl"   // revocation lists, in PEM, as they were when the token beside it came
	kindHead         = "head"
)

// claimTimestamp is the kind of the claims that name stamps.
const claimTimestamp = "timestamp"

// Stamp is a statement of somebody else about a head of the log.
type Stamp struct {
	Head int64  `json:"head"` // entries that the head counts
	File string `json:"file"` // under log/timestamps
	Kind string `json:"kind"` // tsr, ots, cosig, crl
}

// Label names who made the stamp, as [SaveStamp] was told.
func (s Stamp) Label() string {
	_, label, _, _ := parseStampName(s.File)
	return label
}

// ReadStamp returns the bytes of a stamp.
func ReadStamp(dir string, s Stamp) ([]byte, error) {
	return readStamp(filepath.Join(dir, stampDir, s.File))
}

// stampClaim is the data of a claim of kind timestamp: with it the log covers
// the bytes of a stamp, and those of the head that it is of.
type stampClaim struct {
	Stamp
	Digest     tamga.Digest `json:"digest"`      // of the stamp's file
	HeadDigest tamga.Digest `json:"head_digest"` // of the head's file
	Time       *time.Time   `json:"time,omitempty"`
}

const maxLabel = 100

// stampName is the file of a stamp of the head of size, by label.
func stampName(size int64, label, kind string) string {
	if kind == kindHead {
		return fmt.Sprintf("%012d.head", size)
	}
	return fmt.Sprintf("%012d.%s.%s", size, label, kind)
}

// parseStampName is strict: one name for one stamp.
func parseStampName(name string) (size int64, label, kind string, ok bool) {
	first, rest, _ := strings.Cut(name, ".")
	for _, c := range first {
		if c < '0' || c > '9' {
			return 0, "", "", false
		}
		if size = size*10 + int64(c-'0'); size > 1e15 {
			return 0, "", "", false
		}
	}
	if rest == kindHead {
		return size, "", kindHead, size > 0 && name == stampName(size, "", kindHead)
	}
	if i := strings.LastIndexByte(rest, '.'); i > 0 {
		label, kind = rest[:i], rest[i+1:]
	}
	switch kind {
	case StampRFC3161, StampOTS, StampCosignature, StampRevocation:
	default:
		return 0, "", "", false
	}
	return size, label, kind, size > 0 && validLabel(label) && name == stampName(size, label, kind)
}

func validLabel(s string) bool {
	return s != "" && len(s) <= maxLabel && s[0] != '.' && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789.-") == ""
}

// KeepHead keeps the newest signed head of the archive in dir, so that stamps
// can refer to it when later heads have taken its place. It needs no lock: a
// crawl may be at work.
func KeepHead(dir string) (Head, error) {
	h, err := keepHead(dir)
	if err != nil {
		return Head{}, fmt.Errorf("keep head of %s: %w", dir, err)
	}
	return h, nil
}

func keepHead(dir string) (Head, error) {
	v, err := readKey(dir)
	if err != nil {
		return Head{}, fmt.Errorf("%w: %s: %w", ErrIntegrity, keyFile, err)
	}
	msg, err := readSmall(filepath.Join(dir, headFile))
	if err != nil {
		return Head{}, err
	}
	h, err := parseHead(msg, v)
	if err != nil {
		return Head{}, fmt.Errorf("%w: %s: %w", ErrIntegrity, headFile, err)
	}
	if h.Size == 0 {
		return h, errors.New("the log is empty")
	}
	name := stampName(h.Size, "", kindHead)
	if have, err := readSmall(filepath.Join(dir, stampDir, name)); err == nil {
		old, err := parseHead(have, v)
		if err != nil || old.Size != h.Size || old.Root != h.Root {
			return h, fmt.Errorf("%w: %s/%s is another head of %d entries", ErrIntegrity, stampDir, name, h.Size)
		}
		return old, nil
	}
	return h, writeStamp(dir, name, msg)
}

// SaveStamp keeps a stamp of the kept head of size entries. label names who made
// it, in small letters, digits, dots and dashes. A stamp is never replaced.
func SaveStamp(dir string, size int64, label, kind string, data []byte) (Stamp, error) {
	s := Stamp{size, stampName(size, label, kind), kind}
	err := func() error {
		if _, _, _, ok := parseStampName(s.File); !ok {
			return fmt.Errorf("%q is no name of a stamp", s.File)
		}
		if _, err := os.Stat(filepath.Join(dir, stampDir, stampName(size, "", kindHead))); err != nil {
			return fmt.Errorf("the head of %d entries was not kept: %w", size, err)
		}
		if _, err := os.Stat(filepath.Join(dir, stampDir, s.File)); err == nil {
			return errors.New("it is there already")
		}
		return writeStamp(dir, s.File, data)
	}()
	if err != nil {
		return s, fmt.Errorf("keep stamp %s: %w", s.File, err)
	}
	return s, nil
}

// writeStamp writes a file of the stamp folder at once.
func writeStamp(dir, name string, data []byte) error {
	folder := filepath.Join(dir, stampDir)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	tmp := filepath.Join(folder, name+".tmp")
	if err := writeFile(tmp, data, 0o644); err != nil {
		return err
	}
	if err := os.Rename(tmp, filepath.Join(folder, name)); err != nil {
		return err
	}
	return errors.Join(syncDir(folder), syncDir(filepath.Dir(folder)))
}

// FindStamp looks for a stamp that is kept.
func FindStamp(dir string, size int64, label, kind string) (s Stamp, ok bool, err error) {
	s = Stamp{size, stampName(size, label, kind), kind}
	_, err = os.Stat(filepath.Join(dir, stampDir, s.File))
	if errors.Is(err, fs.ErrNotExist) {
		return s, false, nil
	}
	return s, err == nil, err
}

// ReadHead returns the bytes of a kept head.
func ReadHead(dir string, size int64) ([]byte, error) {
	return readSmall(filepath.Join(dir, stampDir, stampName(size, "", kindHead)))
}

// LastHead is when the newest head was kept, by the clock of the disk; the zero time
// where none was.
func LastHead(dir string) (at time.Time) {
	items, err := os.ReadDir(filepath.Join(dir, stampDir))
	if err != nil {
		return at
	}
	for _, d := range items {
		if _, _, kind, ok := parseStampName(d.Name()); !ok || kind != kindHead {
			continue
		}
		if info, err := d.Info(); err == nil && info.ModTime().After(at) {
			at = info.ModTime()
		}
	}
	return at
}

// Stamps lists the stamps that are there, by head and name.
func Stamps(dir string) ([]Stamp, error) {
	items, err := os.ReadDir(filepath.Join(dir, stampDir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list stamps: %w", err)
	}
	var out []Stamp
	for _, d := range items {
		if size, _, kind, ok := parseStampName(d.Name()); ok && kind != kindHead {
			out = append(out, Stamp{size, d.Name(), kind})
		}
	}
	slices.SortFunc(out, func(a, b Stamp) int { return cmp.Or(cmp.Compare(a.Head, b.Head), strings.Compare(a.File, b.File)) })
	return out, nil
}

// Unsealed returns the size of the newest kept head, and whether an entry beyond
// it says more than which stamps came: if not, there is nothing new to vouch for.
func (a *Archive) Unsealed(ctx context.Context) (last int64, fresh bool, err error) {
	items, err := os.ReadDir(filepath.Join(a.dir, stampDir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, false, fmt.Errorf("list heads: %w", err)
	}
	for _, d := range items {
		if size, _, kind, ok := parseStampName(d.Name()); ok && kind == kindHead {
			last = max(last, size)
		}
	}
	for e, err := range a.all(ctx, last) {
		if err != nil {
			return 0, false, fmt.Errorf("read log: %w", err)
		}
		if e.Kind != kindClaim || e.Claim != claimTimestamp {
			return last, true, nil
		}
	}
	return last, last == 0, nil
}

// LogStamps puts a claim into the log for each stamp that none names yet, and
// returns them. A stamp that does not verify is left alone: [Verify] names it.
func (a *Archive) LogStamps(ctx context.Context) ([]Stamp, error) {
	stamps, err := Stamps(a.dir)
	if err != nil {
		return nil, err
	}
	var out []Stamp
	for _, s := range stamps {
		a.mu.RLock()
		known := slices.ContainsFunc(a.st.stamps, func(c stampClaim) bool { return c.File == s.File })
		a.mu.RUnlock()
		if known {
			continue
		}
		data, err := readStamp(filepath.Join(a.dir, stampDir, s.File))
		if err != nil {
			return out, fmt.Errorf("log stamp %s: %w", s.File, err)
		}
		head, err := ReadHead(a.dir, s.Head)
		if err != nil {
			return out, fmt.Errorf("log stamp %s: %w", s.File, err)
		}
		c := stampClaim{Stamp: s, Digest: tamga.DigestOf(data), HeadDigest: tamga.DigestOf(head)}
		r, err := checkStamp(s, data, head, a.st.verifier, VerifyOptions{})
		if err != nil {
			a.opt.Logger.Warn("a stamp does not verify and is not taken into the log", "file", stampDir+"/"+s.File, "err", err)
			continue
		}
		c.Time = r.Time
		text, err := encodeEntry(c)
		if err != nil {
			return out, err
		}
		if _, err := a.Claim(ctx, claimTimestamp, text); err != nil {
			return out, err
		}
		a.mu.Lock()
		a.st.stamps = append(a.st.stamps, c)
		a.mu.Unlock()
		out = append(out, s)
	}
	return out, nil
}

// readStampClaim takes the claim of a stamp out of an entry.
func readStampClaim(e *entry) (c stampClaim, err error) {
	if err := json.Unmarshal(e.Data, &c); err != nil {
		return c, err
	}
	size, _, kind, ok := parseStampName(c.File)
	if !ok || kind == kindHead || size != c.Head || kind != c.Kind || c.Head > e.Seq {
		return c, fmt.Errorf("no stamp is named %.120q", c.File)
	}
	return c, nil
}

// maxStamp bounds a stamp, in bytes.
const maxStamp = 1 << 20

func readStamp(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxStamp {
		return nil, fmt.Errorf("a stamp of %d bytes: the limit is %d", info.Size(), maxStamp)
	}
	return os.ReadFile(name)
}
