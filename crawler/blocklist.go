package crawler

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// Bounds of a blocklist: bytes of a line, and entries of all lists together.
const (
	maxBlockLine    = 4096
	maxBlockEntries = 20_000_000
)

// Blocklist names hosts and URLs that are never fetched, and bodies that are never
// kept, by their hashes alone, so that the list itself leads nobody to them. It is
// safe for concurrent use.
type Blocklist struct {
	mu    sync.RWMutex
	names []string // base name of each file
	// The first 16 bytes of a hash, and the list it stands on.
	sums  map[[16]byte]uint16
	kinds map[int]bool // sizes in bytes of the hashes that are there
}

// OpenBlocklist reads files that hold one hash a line: the MD5 (32 hexadecimal
// digits), SHA-1 (40) or SHA-256 (64) of a host name or of a URL, in lower case, or of
// a body. What stands after a space, tab, comma or semicolon is a remark, and so is a line that
// begins with #. A line that is neither is an error: a list that is not
// understood protects nobody.
func OpenBlocklist(files ...string) (*Blocklist, error) {
	b := &Blocklist{}
	return b, b.Reload(files...)
}

// Reload reads files in the place of those read before; on an error the lists stay
// as they were.
func (b *Blocklist) Reload(files ...string) error {
	sums, kinds, names := map[[16]byte]uint16{}, map[int]bool{}, make([]string, len(files))
	for i, file := range files {
		if i > 1<<15 {
			return fmt.Errorf("blocklists: more than %d files", 1<<15)
		}
		names[i] = filepath.Base(file)
		if err := readBlocklist(file, uint16(i), sums, kinds); err != nil {
			return fmt.Errorf("blocklist %s: %w", file, err)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sums, b.kinds, b.names = sums, kinds, names
	return nil
}

func readBlocklist(file string, list uint16, sums map[[16]byte]uint16, kinds map[int]bool) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	s.Buffer(make([]byte, 0, maxBlockLine), maxBlockLine)
	for n := 1; s.Scan(); n++ {
		line := bytes.TrimSpace(bytes.TrimPrefix(s.Bytes(), []byte("\ufeff")))
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		if i := bytes.IndexAny(line, " \t,;"); i >= 0 {
			line = line[:i]
		}
		sum, ok := hashOf(line)
		if !ok {
			return fmt.Errorf("line %d: want an MD5, a SHA-1 or a SHA-256 in hexadecimal", n)
		}
		kinds[len(sum)] = true
		if len(sums) >= maxBlockEntries {
			return fmt.Errorf("more than %d entries", maxBlockEntries)
		}
		if _, ok := sums[[16]byte(sum[:16])]; !ok {
			sums[[16]byte(sum[:16])] = list
		}
	}
	return s.Err()
}

// Len is the number of entries.
func (b *Blocklist) Len() int {
	if b == nil {
		return 0
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	return len(b.sums)
}

// match returns the name of the list that a canonical URL is on, by any of the
// forms in which lists write a host or a URL.
func (b *Blocklist) match(canonical string) (list string, found bool) {
	if b.Len() == 0 {
		return "", false
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	look := func(form string) bool {
		list, found = b.holds([]byte(form))
		return found
	}
	host := hostname(canonical)
	_, address, _ := strings.Cut(origin(canonical), "://")
	if address != host && look(address) { // with its port
		return list, found
	}
	// The host and every domain above it: a list that names a domain means what is
	// under it. Onions are listed with and without the suffix.
	for at, i := host, 0; i < 16; i++ {
		if look(at) || look("www."+at) {
			return list, found
		}
		for _, suffix := range []string{".onion", ".i2p"} {
			if bare, ok := strings.CutSuffix(at, suffix); ok && look(bare) {
				return list, found
			}
		}
		_, rest, ok := strings.Cut(at, ".")
		if !ok || !strings.Contains(rest, ".") {
			break
		}
		at = rest
	}
	_, rest, _ := strings.Cut(canonical, "://")
	for _, u := range []string{canonical, rest, "http://" + rest, "https://" + rest} {
		bare := strings.TrimSuffix(u, "/")
		if look(u) || look(bare) || look(bare+"/") {
			return list, found
		}
	}
	return "", false
}
