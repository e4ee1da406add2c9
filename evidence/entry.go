package evidence

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"tamga"
)

// The kinds of log entries.
const (
	kindCapture  = "capture"
	kindWarcinfo = "warcinfo" // the first record of a WARC file
	kindClaim    = "claim"
)

// record is where one WARC record stands: a gzip member of a file.
type record struct {
	Type   string       `json:"type"` // WARC-Type
	ID     string       `json:"id"`   // UUID of WARC-Record-ID
	File   string       `json:"file"` // under warc/
	Offset int64        `json:"offset"`
	Length int64        `json:"length"` // compressed bytes
	Digest tamga.Digest `json:"digest"` // of the compressed bytes
}

func (r record) end() int64 { return r.Offset + r.Length }

// captureEntry is the JSON of a capture; the order of its first fields is what
// quickDigest relies on.
type captureEntry struct {
	Kind string `json:"kind"`
	tamga.Capture
	Revisit *int64   `json:"revisit,omitempty"` // the capture that holds the payload
	Records []record `json:"records"`
}

type warcinfoEntry struct {
	Kind    string    `json:"kind"`
	Seq     int64     `json:"seq"`
	Time    time.Time `json:"time"`
	Records []record  `json:"records"`
}

type claimEntry struct {
	Kind  string          `json:"kind"`
	Seq   int64           `json:"seq"`
	Time  time.Time       `json:"time"`
	Claim string          `json:"claim"`
	Data  json.RawMessage `json:"data"`
}

// entry is any of them, read back.
type entry struct {
	Kind string `json:"kind"`
	tamga.Capture
	Revisit *int64          `json:"revisit"`
	Records []record        `json:"records"`
	Time    time.Time       `json:"time"`
	Holder  int64           `json:"holder"`
	For     int64           `json:"for"`
	Claim   string          `json:"claim"`
	Data    json.RawMessage `json:"data"`
}

// encodeEntry writes v as one line of JSON without a line end.
func encodeEntry(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	text := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	if len(text) > maxEntry {
		return nil, fmt.Errorf("log entry of %d bytes: the limit is %d", len(text), maxEntry)
	}
	return text, nil
}

// decodeEntry reads the entry that stands at seq.
func decodeEntry(seq int64, text []byte) (*entry, error) {
	var e entry
	if err := json.Unmarshal(text, &e); err != nil {
		return nil, fmt.Errorf("entry %d: %w", seq, err)
	}
	if e.Seq != seq {
		return nil, fmt.Errorf("entry %d says it is entry %d", seq, e.Seq)
	}
	switch e.Kind {
	case kindCapture:
		if _, err := tamga.ParseDigest(string(e.Digest)); err != nil {
			return nil, fmt.Errorf("entry %d: %w", seq, err)
		}
		if e.Size < 0 {
			return nil, fmt.Errorf("entry %d: size %d", seq, e.Size)
		}
		if len(e.Records) == 0 {
			return nil, fmt.Errorf("entry %d: a capture without records", seq)
		}
		if e.Revisit != nil && (*e.Revisit < 0 || *e.Revisit >= seq) {
			return nil, fmt.Errorf("entry %d revisits %d", seq, *e.Revisit)
		}
	case kindWarcinfo:
		if len(e.Records) != 1 || e.Records[0].Offset != 0 {
			return nil, fmt.Errorf("entry %d: a warcinfo is one record, at offset 0", seq)
		}
	case kindPayload:
		if _, err := tamga.ParseDigest(string(e.Digest)); err != nil {
			return nil, fmt.Errorf("entry %d: %w", seq, err)
		}
		if len(e.Records) != 1 || e.Size <= 0 || e.Holder < 0 || e.Holder >= e.For || e.For >= seq {
			return nil, fmt.Errorf("entry %d: a payload is one record, carried on from one capture for a later one", seq)
		}
	case kindBlank:
		if !isBlank(text) {
			return nil, fmt.Errorf("entry %d: what stands in the place of a claim is more than that", seq)
		}
	case kindClaim:
		if len(e.Records) != 0 {
			return nil, fmt.Errorf("entry %d: a claim with records", seq)
		}
	default:
		return nil, fmt.Errorf("entry %d has the unknown kind %q", seq, e.Kind)
	}
	for _, r := range e.Records {
		if !validWarcName(r.File) || r.Offset < 0 || r.Length <= 0 || r.end() < 0 {
			return nil, fmt.Errorf("entry %d: record %q at %d, %d bytes", seq, r.File, r.Offset, r.Length)
		}
		if _, err := tamga.ParseDigest(string(r.Digest)); err != nil {
			return nil, fmt.Errorf("entry %d: %w", seq, err)
		}
	}
	return &e, nil
}

const warcNameForm = "tamga-%06d.warc.gz"

func warcName(n int) string { return fmt.Sprintf(warcNameForm, n) }

// validWarcName keeps a name read from a log from leaving the folder.
func validWarcName(s string) bool {
	var n int
	if _, err := fmt.Sscanf(s, warcNameForm, &n); err != nil || n < 0 {
		return false
	}
	return warcName(n) == s
}

var (
	quickStart = []byte(`{"kind":"capture","seq":`)
	quickMid   = []byte(`,"digest":"sha256:`)
)

// quickDigest reads the digest of a capture entry as this package writes it
// without decoding the JSON; ok is false for anything else. Opening an archive
// of a million captures needs nothing more of most entries.
func quickDigest(seq int64, text []byte) (d key, ok bool) {
	rest, ok := bytes.CutPrefix(text, quickStart)
	if !ok {
		return d, false
	}
	var n int64
	i := 0
	for ; i < len(rest) && i < 19 && rest[i] >= '0' && rest[i] <= '9'; i++ {
		n = n*10 + int64(rest[i]-'0')
	}
	rest, ok = bytes.CutPrefix(rest[i:], quickMid)
	if !ok || n != seq || i == 0 || len(rest) < 65 || rest[64] != '"' {
		return d, false
	}
	return keyOf(rest[:64])
}
