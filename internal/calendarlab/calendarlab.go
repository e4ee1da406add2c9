// Package calendarlab runs an OpenTimestamps calendar for tests, on loopback: it
// collects digests, and on demand puts them under the merkle root of a Bitcoin
// block of its own making. It writes proofs with nothing of the code under test.
package calendarlab

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
)

// Calendar is one that listens.
type Calendar struct {
	URL string

	before atomic.Pointer[Intercept]
	server *httptest.Server
	mu     sync.Mutex
	asked  [][]byte          // commitments that wait for a block
	proofs map[string][]byte // by commitment in hexadecimal
	Blocks map[int64][]byte  // headers by height
}

// Start starts a calendar.
func Start() *Calendar {
	c := &Calendar{proofs: map[string][]byte{}, Blocks: map[int64][]byte{}}
	c.server = httptest.NewServer(c)
	c.URL = c.server.URL
	return c
}

// Intercept may answer in place of the calendar, and then returns true.
type Intercept func(w http.ResponseWriter, r *http.Request) bool

// Before has f look at each question first.
func (c *Calendar) Before(f Intercept) { c.before.Store(&f) }

// Close stops listening.
func (c *Calendar) Close() { c.server.Close() }

func (c *Calendar) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f := c.before.Load(); f != nil && (*f)(w, r) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.Method == http.MethodPost && r.URL.Path == "/digest" {
		digest, err := io.ReadAll(io.LimitReader(r.Body, 65))
		if err != nil || len(digest) == 0 || len(digest) > 64 {
			http.Error(w, "digest too long", http.StatusBadRequest)
			return
		}
		// The calendar adds its own bytes before it promises a block.
		suffix := []byte("lab")
		sum := sha256.Sum256(append(bytes.Clone(digest), suffix...))
		c.asked = append(c.asked, sum[:])
		w.Write(join([]byte{0xf0}, varbytes(suffix), []byte{0x08}, pending(c.URL)))
		return
	}
	if id, ok := strings.CutPrefix(r.URL.Path, "/timestamp/"); ok && r.Method == http.MethodGet {
		if p, ok := c.proofs[id]; ok {
			w.Write(p)
			return
		}
		http.Error(w, "Pending confirmation in Bitcoin blockchain", http.StatusNotFound)
		return
	}
	http.NotFound(w, r)
}

// Mine puts every commitment that waits under a block of that height: the two
// children of its merkle root are the commitments, hashed, and a fixed leaf.
func (c *Calendar) Mine(height int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.asked) == 0 {
		return
	}
	// A chain: root_i = sha256d(root_{i-1} || commitment_i), from a fixed leaf.
	leaf := sha256.Sum256([]byte("lab coinbase"))
	state := leaf[:]
	before := make([][]byte, len(c.asked))
	for i, m := range c.asked {
		before[i] = state
		state = double(append(bytes.Clone(state), m...))
	}
	for i, m := range c.asked {
		p := join([]byte{0xf1}, varbytes(before[i]), []byte{0x08, 0x08})
		for _, next := range c.asked[i+1:] {
			p = join(p, []byte{0xf0}, varbytes(next), []byte{0x08, 0x08})
		}
		c.proofs[hex.EncodeToString(m)] = join(p, bitcoin(height))
	}
	header := make([]byte, 80)
	binary.LittleEndian.PutUint32(header, 4)
	copy(header[36:], state)
	binary.LittleEndian.PutUint32(header[68:], uint32(1_700_000_000+600*height))
	// The easiest target there is: about every second nonce will do.
	binary.LittleEndian.PutUint32(header[72:], 0x207fffff)
	for n := uint32(0); ; n++ {
		binary.LittleEndian.PutUint32(header[76:], n)
		if double(header)[31] < 0x7f {
			break
		}
	}
	c.Blocks[height], c.asked = header, nil
}

func double(b []byte) []byte {
	a := sha256.Sum256(b)
	a = sha256.Sum256(a[:])
	return a[:]
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func varbytes(b []byte) []byte { return append(binary.AppendUvarint(nil, uint64(len(b))), b...) }

func pending(uri string) []byte {
	return join([]byte{0x00, 0x83, 0xdf, 0xe3, 0x0d, 0x2e, 0xf9, 0x0c, 0x8e}, varbytes(varbytes([]byte(uri))))
}

func bitcoin(height int64) []byte {
	return join([]byte{0x00, 0x05, 0x88, 0x96, 0x0d, 0x73, 0xd7, 0x19, 0x01}, varbytes(binary.AppendUvarint(nil, uint64(height))))
}
