package bitcoin

import (
	"encoding/binary"
	"io"
)

// joiner joins wallets, union by union in chain order, and keeps what it did.
type joiner struct {
	sets forest

	// log is the unions that changed the partition, as rows; it goes to out where
	// it grows long, and stays in memory where out is nil.
	log []byte
	out io.Writer
	err error

	// held are the unions that one transaction alone asks for between two wallets
	// that differ, not made; by lists them by the roots of both.
	held []hold
	by   map[uint32][]uint32

	rules   *rules // nil where only the ledger speaks
	refused []refusal
}

// hold is a union that waits for a second transaction.
type hold struct {
	merge
	guard byte
}

// The guards that hold a union back.
const (
	guardSize = 's' // both wallets are large
	guardTags = 't' // the wallets carry tags of different owners
)

// bridge is how many scripts each of two wallets must have for a single
// transaction not to be enough to join them.
const bridge = 1000

// maxLog is how many bytes of the log wait in memory.
const maxLog = 1 << 18

// joinAll joins a run of unions.
func (j *joiner) joinAll(ms []merge) {
	const ahead = 64
	for len(ms) > 0 {
		n := min(len(ms), ahead)
		touched += j.sets.touch(ms[:n])
		for i := range ms[:n] {
			j.join(&ms[i])
		}
		ms = ms[n:]
	}
}

var touched uint32 // what touch read, so that it is read

// join applies a union where it changes the partition and logs it.
func (j *joiner) join(m *merge) {
	a, b := j.sets.find(m.a), j.sets.find(m.b)
	if a == b {
		return
	}
	large := j.sets[a].size >= bridge && j.sets[b].size >= bridge
	if (large || j.rules != nil) && !j.may(m, a, b, large) {
		return
	}
	j.unite(m, a, b)
}

// unite makes a union of two roots.
func (j *joiner) unite(m *merge, a, b uint32) {
	root := j.sets.union(a, b)
	if len(j.by) > 0 && (j.rules != nil || j.sets[root].size > bridge) {
		j.follow(root, a+b-root)
	}
	if j.rules != nil {
		j.rules.follow(root, a+b-root)
	}
	le := binary.LittleEndian
	row := [mergeRow]byte{}
	le.PutUint32(row[0:], m.a)
	le.PutUint32(row[4:], m.b)
	le.PutUint32(row[8:], m.tx)
	le.PutUint32(row[12:], m.inA)
	le.PutUint32(row[16:], m.inB)
	le.PutUint32(row[20:], m.rule)
	j.log = append(j.log, row[:]...)
	if j.out != nil && len(j.log) >= maxLog {
		j.flush()
	}
}

func (j *joiner) flush() {
	if _, err := j.out.Write(j.log); err != nil && j.err == nil {
		j.err = err
	}
	j.log = j.log[:0]
}

// may tells whether a union of two roots may be made now: no decision forbids it,
// and where a guard asks for a second transaction, this is one.
func (j *joiner) may(m *merge, a, b uint32, large bool) bool {
	guard := byte(0)
	if large {
		guard = guardSize
	}
	if j.rules != nil {
		if by, no := j.rules.forbids(a, b); no {
			j.refused = append(j.refused, refusal{*m, by})
			return false
		}
		if j.rules.differ(a, b) {
			guard = guardTags
		}
	}
	if guard == 0 {
		return true
	}
	list, other := j.by[a], b
	if len(j.by[b]) < len(list) {
		list, other = j.by[b], a
	}
	waits := false
	for _, i := range list {
		if h := &j.held[i]; j.sets.find(h.a) == other || j.sets.find(h.b) == other {
			if h.tx != m.tx {
				return true
			}
			waits = true
		}
	}
	if waits {
		return false
	}
	if j.by == nil {
		j.by = map[uint32][]uint32{}
	}
	i := uint32(len(j.held))
	j.held = append(j.held, hold{*m, guard})
	j.by[a], j.by[b] = append(j.by[a], i), append(j.by[b], i)
	return false
}

// follow gives what is held at a former root to the root it went to.
func (j *joiner) follow(root, was uint32) {
	less := j.by[was]
	if len(less) == 0 {
		return
	}
	delete(j.by, was)
	more := j.by[root]
	if len(more) < len(less) {
		more, less = less, more
	}
	j.by[root] = append(more, less...)
}

// waiting are the unions that are held and that nothing made otherwise.
func (j *joiner) waiting() (out []hold) {
	for _, h := range j.held {
		if j.sets.find(h.a) != j.sets.find(h.b) {
			out = append(out, h)
		}
	}
	return out
}
