package evidence

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"time"

	"tamga"
)

// The claims of a removal, and the kind of the entries that carry on a payload.
const (
	claimTombstone = "tombstone" // which bytes are to be removed, and why; written before
	claimRemoved   = "removed"   // that those of a tombstone are; written after
	kindPayload    = "payload"
)

// ErrRemoved is wrapped by the error for a capture whose bytes a retention run
// removed. It is an ErrNotFound.
var ErrRemoved = fmt.Errorf("%w: a retention run removed its bytes", ErrNotFound)

// removal is the run of records of one entry that is removed, and what stands in
// its place.
type removal struct {
	Seq     int64        `json:"seq"`
	File    string       `json:"file"`
	Offset  int64        `json:"offset"`
	Length  int64        `json:"length"`
	Digest  tamga.Digest `json:"digest"`         // of what takes the place
	Payload tamga.Digest `json:"payload"`        // of the capture, as its entry has it
	Heir    *int64       `json:"heir,omitempty"` // a capture with the same payload that stays

	claim int64 // the tombstone
}

// tombstoneData is the data of a claim of kind tombstone.
type tombstoneData struct {
	Reason  json.RawMessage `json:"reason"`
	Removed []removal       `json:"removed"`
	Claims  []int64         `json:"claims,omitempty"` // those that are withdrawn
}

type removedData struct {
	Tombstone int64 `json:"tombstone"` // number of that claim
}

// payloadEntry carries on a payload whose first capture is removed while later
// ones, which are revisits of it, stay.
type payloadEntry struct {
	Kind      string       `json:"kind"`
	Seq       int64        `json:"seq"`
	Digest    tamga.Digest `json:"digest"`
	URL       string       `json:"url"` // of the capture that stays
	Requested time.Time    `json:"requested"`
	Time      time.Time    `json:"time"`
	Size      int64        `json:"size"`
	Holder    int64        `json:"holder"` // the capture that is removed
	For       int64        `json:"for"`    // the first that stays
	Records   []record     `json:"records"`
}

// region is the run of bytes of the records of an entry.
func (e *entry) region() (removal, error) {
	if e.Kind != kindCapture && e.Kind != kindPayload || len(e.Records) == 0 {
		return removal{}, fmt.Errorf("entry %d is a %s: it has no bytes to remove", e.Seq, e.Kind)
	}
	first, last := e.Records[0], e.Records[len(e.Records)-1]
	next := first.Offset
	for _, r := range e.Records {
		if r.File != first.File || r.Offset != next {
			return removal{}, fmt.Errorf("the records of entry %d do not follow each other", e.Seq)
		}
		next = r.end()
	}
	return removal{Seq: e.Seq, File: first.File, Offset: first.Offset, Length: last.end() - first.Offset, Payload: e.Digest}, nil
}

// Parts of the member that takes the place of removed records. Everything is
// stored, not deflated, so that its bytes depend on nothing but the entry.
const (
	gzipHead    = 10 + 2 + 4 // with a field for padding
	gzipTail    = 8
	storedHead5 = 5
	maxStored   = 65535
	mostPadding = 60000
)

// of tells whether a removal is of the records of e, all of them.
func (r removal) of(e *entry) bool {
	want, err := e.region()
	return err == nil && want.File == r.File && want.Offset == r.Offset && want.Length == r.Length && want.Payload == r.Payload
}

// tombstoneMember is a gzip member of exactly length bytes: a WARC metadata
// record, of the id and date that the first record of e had, over zeros.
func tombstoneMember(e *entry, length int64) ([]byte, error) {
	head := func(zeros int64) []byte {
		return fmt.Appendf(nil, "%s\r\nWARC-Type: metadata\r\nWARC-Record-ID: <urn:uuid:%s>\r\nWARC-Date: %s\r\nContent-Length: %d\r\n\r\n",
			warcVersion, e.Records[0].ID, e.removedDate(), zeros)
	}
	size := func(zeros int64) int64 {
		blocks := (zeros + maxStored - 1) / maxStored
		return gzipHead + storedHead5 + int64(len(head(zeros))) + blocks*storedHead5 + zeros + storedHead5 + 4 + gzipTail
	}
	zeros := int64(0)
	if left := length - size(0); left < 0 {
		return nil, fmt.Errorf("entry %d: %d bytes are too few for a tombstone", e.Seq, length)
	} else if left > mostPadding {
		// Whole blocks, then what is left beyond what the padding can take.
		zeros = (left - 64) / (maxStored + storedHead5) * maxStored
		if rest := length - size(zeros); rest > mostPadding {
			zeros += rest - mostPadding
		}
	}
	padding := length - size(zeros)
	if padding < 0 || padding > maxStored-4 {
		return nil, fmt.Errorf("entry %d: no tombstone of %d bytes", e.Seq, length)
	}
	le := binary.LittleEndian
	b := make([]byte, 0, length)
	b = append(b, 0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255)
	b = le.AppendUint16(b, uint16(padding+4))
	b = append(b, 'T', 'G')
	b = le.AppendUint16(b, uint16(padding))
	b = append(b, make([]byte, padding)...)
	sum, total := crc32.NewIEEE(), uint32(0)
	stored := func(data []byte, last byte) {
		b = append(b, last)
		b = le.AppendUint16(b, uint16(len(data)))
		b = le.AppendUint16(b, ^uint16(len(data)))
		b = append(b, data...)
		sum.Write(data)
		total += uint32(len(data))
	}
	stored(head(zeros), 0)
	blank := make([]byte, maxStored)
	for left := zeros; left > 0; left -= maxStored {
		stored(blank[:min(left, maxStored)], 0)
	}
	stored([]byte("\r\n\r\n"), 1)
	b = le.AppendUint32(b, sum.Sum32())
	b = le.AppendUint32(b, total)
	if int64(len(b)) != length {
		return nil, fmt.Errorf("entry %d: a tombstone of %d bytes for %d", e.Seq, len(b), length)
	}
	return b, nil
}

func (e *entry) removedDate() string {
	at := e.Requested
	if at.IsZero() {
		at = e.Time
	}
	return at.UTC().Format(time.RFC3339)
}

// readTombstone takes the claim out of an entry.
func readTombstone(e *entry) (t tombstoneData, err error) {
	d := json.NewDecoder(bytes.NewReader(e.Data))
	if err := d.Decode(&t); err != nil {
		return t, err
	}
	for _, r := range t.Removed {
		_, err := tamga.ParseDigest(string(r.Digest))
		if r.Seq < 0 || r.Seq >= e.Seq || !validWarcName(r.File) || r.Offset < 0 || r.Length <= 0 || r.Offset+r.Length < 0 || err != nil {
			return t, errors.New("a tombstone of something that is no entry before it")
		}
	}
	return t, nil
}

// tombstone takes what a tombstone says into the state.
func (s *state) tombstone(e *entry) error {
	t, err := readTombstone(e)
	if err != nil {
		return err
	}
	if s.removed == nil {
		s.removed, s.weak, s.unfinished = map[int64]removal{}, map[int64]bool{}, map[int64]bool{}
	}
	for _, r := range t.Removed {
		if _, twice := s.removed[r.Seq]; twice {
			return fmt.Errorf("entry %d is removed twice", r.Seq)
		}
		r.claim = e.Seq
		s.removed[r.Seq] = r
		k, ok := keyOfDigest(r.Payload)
		if have, held := s.held.get(k); ok && held && have == r.Seq {
			s.held.remove(k)
			if r.Heir != nil {
				s.held.put(k, *r.Heir)
				s.weak[*r.Heir] = true
			}
		}
	}
	s.unfinished[e.Seq] = true
	return s.withdraw(e.Seq, t.Claims)
}

// carry takes an entry that carries on a payload into the state.
func (s *state) carry(e *entry) {
	if s.carried == nil {
		s.carried = map[int64]int64{}
	}
	s.carried[e.Holder] = e.Seq
}
