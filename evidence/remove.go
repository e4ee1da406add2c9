package evidence

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"tamga"
)

// removalBatch bounds the entries that one tombstone names.
const removalBatch = 5000

// Removed is what a removal did.
type Removed struct {
	Captures   int64   `json:"captures"`
	Bytes      int64   `json:"bytes"`      // of WARC files, overwritten
	Carried    int64   `json:"carried"`    // payloads carried on for captures that stay
	Tombstones []int64 `json:"tombstones"` // numbers of the claims
}

// Remove overwrites the WARC bytes of captures for good and leaves signed
// tombstones, so that the log still verifies: what their entries say stays. A
// payload that a capture refers to which stays is carried on first. reason is
// one JSON value, for the tombstones. Captures that are removed already are
// passed over. Where a hold keeps one, nothing is removed: the error is ErrHeld.
//
// Every step may be interrupted: the tombstone reaches the disk, signed, before
// the first byte is overwritten, and [Open] finishes what a tombstone announces.
func (a *Archive) Remove(ctx context.Context, seqs []int64, reason json.RawMessage) (Removed, error) {
	r, err := a.remove(ctx, seqs, reason)
	if err != nil {
		return r, fmt.Errorf("remove captures: %w", err)
	}
	return r, nil
}

func (a *Archive) remove(ctx context.Context, seqs []int64, reason json.RawMessage) (sum Removed, err error) {
	sum.Tombstones = []int64{}
	if !json.Valid(reason) {
		return sum, errors.New("the reason is not JSON")
	}
	gone, holds := map[int64]bool{}, a.Holds()
	for _, seq := range seqs {
		e, err := a.captureEntry(seq)
		if err != nil {
			return sum, fmt.Errorf("capture %d: %w", seq, err)
		}
		if h, held := HeldBy(holds, &e.Capture, a.opt.Now()); held {
			return sum, fmt.Errorf("capture %d: %w: %q, entry %d", seq, ErrHeld, h.Name, h.ID)
		}
		if !a.Removed(e.Seq) {
			gone[seq] = true
		}
	}
	if len(gone) == 0 {
		return sum, nil
	}
	heirs, carriers, err := a.heirs(ctx, gone)
	if err != nil {
		return sum, err
	}
	list := slices.Sorted(func(yield func(int64) bool) {
		for seq := range gone {
			if !yield(seq) {
				return
			}
		}
	})
	for _, seq := range list {
		if heir, ok := heirs.revisit[seq]; ok {
			if err := a.carryOn(ctx, seq, heir); err != nil {
				return sum, fmt.Errorf("carry on the payload of capture %d: %w", seq, err)
			}
			sum.Carried++
		}
	}
	for batch := range slices.Chunk(append(list, carriers...), removalBatch) {
		t := tombstoneData{Reason: reason}
		for _, seq := range batch {
			r, err := a.plan(seq, heirs)
			if err != nil {
				return sum, err
			}
			t.Removed = append(t.Removed, r)
			sum.Bytes += r.Length
			if gone[seq] {
				sum.Captures++
			}
		}
		n, err := a.bury(ctx, t)
		if err != nil {
			return sum, err
		}
		sum.Tombstones = append(sum.Tombstones, n)
	}
	return sum, nil
}

// inheritance says which captures stay that have a payload which goes.
type inheritance struct {
	any     map[tamga.Digest]int64 // by payload, the first capture that stays
	revisit map[int64]int64        // by holder that goes, the first capture that refers to it and stays
}

// heirs looks through the log for them, and for the carriers of payloads that
// nobody needs any more.
func (a *Archive) heirs(ctx context.Context, gone map[int64]bool) (h inheritance, carriers []int64, err error) {
	h = inheritance{map[tamga.Digest]int64{}, map[int64]int64{}}
	needed := map[int64]bool{} // holders that were removed before
	digests := map[tamga.Digest]bool{}
	for seq := range gone {
		e, err := a.entry(seq)
		if err != nil {
			return h, nil, err
		}
		digests[e.Digest] = true
	}
	for e, err := range a.all(ctx, 0) {
		if err != nil {
			return h, nil, err
		}
		if e.Kind != kindCapture || gone[e.Seq] || a.Removed(e.Seq) {
			continue
		}
		if _, ok := h.any[e.Digest]; !ok && digests[e.Digest] {
			h.any[e.Digest] = e.Seq
		}
		if e.Revisit != nil {
			needed[*e.Revisit] = true
			if _, ok := h.revisit[*e.Revisit]; !ok && gone[*e.Revisit] {
				h.revisit[*e.Revisit] = e.Seq
			}
		}
	}
	a.mu.RLock()
	defer a.mu.RUnlock()
	for holder, carrier := range a.st.carried {
		if _, done := a.st.removed[carrier]; !done && !needed[holder] && !gone[holder] {
			if _, was := a.st.removed[holder]; was {
				carriers = append(carriers, carrier)
			}
		}
	}
	slices.Sort(carriers)
	return h, carriers, nil
}

// carryOn stores the payload of a capture once more, for one that stays.
func (a *Archive) carryOn(ctx context.Context, holder, heir int64) error {
	a.mu.RLock()
	_, done := a.st.carried[holder]
	a.mu.RUnlock()
	if done {
		return nil // by a run that was killed before its tombstone
	}
	o, err := a.entry(holder)
	if err != nil {
		return err
	}
	e, err := a.entry(heir)
	if err != nil {
		return err
	}
	ex, err := a.exchange(o)
	if err != nil {
		return err
	}
	id, err := newID(a.opt.Rand)
	if err != nil {
		return err
	}
	b := newBatch()
	defer b.free()
	if err := b.add("resource", id, e.Requested, []field{{"WARC-Target-URI", e.URL}, {"WARC-Payload-Digest", string(e.Digest)}, {"Content-Type", typeOctetStream}}, ex.Body); err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := errors.Join(ctx.Err(), a.usable()); err != nil {
		return err
	}
	if err := a.rotate(int64(b.buf.Len())); err != nil {
		return err
	}
	file := &a.st.files[len(a.st.files)-1]
	p := payloadEntry{
		Kind: kindPayload, Seq: a.st.tree.n, Digest: e.Digest, URL: e.URL, Requested: e.Requested, Time: a.opt.Now().UTC().Round(0),
		Size: int64(len(ex.Body)), Holder: holder, For: heir, Records: b.place(file.name, file.size),
	}
	if err := a.append(b.buf.Bytes(), p); err != nil {
		return err
	}
	a.st.carry(&entry{Capture: tamga.Capture{Seq: p.Seq}, Holder: holder})
	return nil
}

// plan says what takes the place of an entry's records.
func (a *Archive) plan(seq int64, h inheritance) (removal, error) {
	e, err := a.entry(seq)
	if err != nil {
		return removal{}, err
	}
	r, err := e.region()
	if err != nil {
		return r, err
	}
	b, err := tombstoneMember(e, r.Length)
	if err != nil {
		return r, err
	}
	r.Digest = tamga.DigestOf(b)
	if heir, ok := h.any[e.Digest]; ok && e.Kind == kindCapture {
		r.Heir = &heir
	}
	return r, nil
}

// bury announces a removal in the log, under a signed head, then does it.
func (a *Archive) bury(ctx context.Context, t tombstoneData) (int64, error) {
	text, err := encodeEntry(t)
	if err != nil {
		return 0, err
	}
	seq, err := a.claim(ctx, claimTombstone, text)
	if err != nil {
		return 0, err
	}
	a.mu.Lock()
	e := entry{Capture: tamga.Capture{Seq: seq}, Data: text}
	err = a.st.tombstone(&e)
	a.mu.Unlock()
	if err != nil {
		return seq, err
	}
	if err := a.sync(); err != nil {
		return seq, err
	}
	return seq, a.overwrite(seq, t)
}

// overwrite puts the tombstones in the place of the records, and says so in the
// log once they have reached the disk. It may be repeated.
func (a *Archive) overwrite(tombstone int64, t tombstoneData) error {
	files := map[string]file{}
	defer func() {
		for _, f := range files {
			f.Close()
		}
	}()
	for _, r := range t.Removed {
		e, err := a.entry(r.Seq)
		if err != nil {
			return err
		}
		if !r.of(e) {
			return fmt.Errorf("%w: the tombstone of entry %d is of other bytes than the entry", ErrIntegrity, r.Seq)
		}
		b, err := tombstoneMember(e, r.Length)
		if err != nil {
			return err
		}
		if tamga.DigestOf(b) != r.Digest {
			return fmt.Errorf("the tombstone of entry %d is not the one that the log announces: finish with the version that began", r.Seq)
		}
		f, ok := files[r.File]
		if !ok {
			if f, err = a.opt.open(a.warcPath(r.File), os.O_RDWR); err != nil {
				return err
			}
			files[r.File] = f
		}
		if _, err := f.WriteAt(b, r.Offset); err != nil {
			return err
		}
	}
	for _, f := range files {
		if err := f.Sync(); err != nil {
			return err
		}
	}
	if err := a.blank(t.Claims); err != nil {
		return err
	}
	text, err := encodeEntry(removedData{tombstone})
	if err != nil {
		return err
	}
	if _, err := a.claim(context.Background(), claimRemoved, text); err != nil {
		return err
	}
	a.mu.Lock()
	delete(a.st.unfinished, tombstone)
	a.mu.Unlock()
	return a.sync()
}

// finishRemovals does what tombstones announce and a crash prevented.
func (a *Archive) finishRemovals() error {
	for _, seq := range slices.Sorted(func(yield func(int64) bool) {
		for seq := range a.st.unfinished {
			if !yield(seq) {
				return
			}
		}
	}) {
		e, err := a.entry(seq)
		if err != nil {
			return err
		}
		t, err := readTombstone(e)
		if err != nil {
			return err
		}
		if err := a.overwrite(seq, t); err != nil {
			return fmt.Errorf("finish the removal of entry %d: %w", seq, err)
		}
		what := fmt.Sprintf("%s: the removal that entry %d announces was finished", entriesFile, seq)
		a.st.recovered = append(a.st.recovered, what)
		a.opt.Logger.Warn("archive recovered", "dir", a.dir, "what", what)
	}
	return nil
}

// Removed tells whether a retention run removed the bytes of an entry.
func (a *Archive) Removed(seq int64) bool {
	a.mu.RLock()
	defer a.mu.RUnlock()
	_, ok := a.st.removed[seq]
	return ok
}

// RemovedEntries are the numbers of the entries whose bytes were removed, in order.
func (a *Archive) RemovedEntries() []int64 {
	a.refresh()
	a.mu.RLock()
	defer a.mu.RUnlock()
	return slices.Sorted(maps.Keys(a.st.removed))
}
