package importer

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"tamga"
)

// known is what was imported before. The archive's own table of payloads answers
// for a payload that it holds once, which is the rule; only where one payload
// stands under several addresses is the log read for all of them.
type known map[[16]byte]struct{}

// mode is the place of the set that takes the time into account, and of that
// which does not.
func mode(timed bool) int {
	if timed {
		return 1
	}
	return 0
}

func identity(digest tamga.Digest, url string, at time.Time, timed bool) (id [16]byte) {
	h := sha256.New()
	h.Write([]byte(digest))
	h.Write([]byte(url))
	if timed {
		var b [8]byte
		binary.BigEndian.PutUint64(b[:], uint64(at.UnixNano()))
		h.Write(b[:])
	}
	copy(id[:], h.Sum(nil))
	return id
}

// held tells whether a record was sealed before.
func (r *run) held(ex *tamga.Exchange, timed bool) (bool, error) {
	digest := tamga.DigestOf(ex.Body)
	if k := r.known[mode(timed)]; k != nil {
		_, ok := k[identity(digest, ex.URL, ex.Requested, timed)]
		return ok, nil
	}
	if len(ex.Body) > 0 {
		seq, ok := r.Archive.Find(digest)
		if !ok {
			return false, nil
		}
		c, err := r.Archive.Capture(seq)
		if err != nil {
			return false, err
		}
		if c.Route == tamga.RouteImport && c.URL == ex.URL && (!timed || c.Requested.Equal(ex.Requested)) {
			return true, nil
		}
	}
	k := known{}
	for c, err := range r.Archive.Captures(r.ctx, 0) {
		if err != nil {
			return false, fmt.Errorf("read what was imported: %w", err)
		}
		if c.Route == tamga.RouteImport {
			k[identity(c.Digest, c.URL, c.Requested, timed)] = struct{}{}
		}
	}
	r.known[mode(timed)] = k
	_, ok := k[identity(digest, ex.URL, ex.Requested, timed)]
	return ok, nil
}

// put seals an exchange.
func (r *run) put(ex *tamga.Exchange, timed bool) (tamga.Capture, error) {
	c, err := r.Archive.Put(r.ctx, ex)
	if err != nil {
		return c, err
	}
	if k := r.known[mode(timed)]; k != nil {
		k[identity(c.Digest, c.URL, c.Requested, timed)] = struct{}{}
	}
	return c, nil
}
