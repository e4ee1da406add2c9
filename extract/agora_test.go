package extract

import (
	"bufio"
	"hash/fnv"
	"os"
	"path/filepath"
	"testing"
)

// realData is the folder of the real pages; the test is skipped without it.
func realData(t testing.TB, name string) string {
	t.Helper()
	dir := os.Getenv("TAMGA_DATA")
	if dir == "" {
		cache := os.Getenv("XDG_CACHE_HOME")
		if cache == "" {
			home, err := os.UserHomeDir()
			if err != nil {
				t.Skip("no home folder, so no real data")
			}
			cache = filepath.Join(home, ".cache")
		}
		dir = filepath.Join(cache, "tamga-data")
	}
	path := filepath.Join(dir, name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("real data are absent: %s", path)
	}
	return path
}

func lines(t testing.TB, file string, each func([]byte)) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 1<<24)
	for sc.Scan() {
		each(sc.Bytes())
	}
	if err := sc.Err(); err != nil {
		t.Fatal(err)
	}
}

type agoraItem struct {
	ID, Title, Vendor, From, To string
	Price                       string `json:"price_btc"`
	Category                    []string
	Feedback                    [][]string
}

// heldOut says whether a vendor is set aside: nothing is tuned on one of them.
func heldOut(vendor string) bool {
	h := fnv.New32a()
	h.Write([]byte(vendor))
	return h.Sum32()%5 == 0
}

func newReader(t testing.TB) *Reader {
	t.Helper()
	r, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// score counts right answers by name.
type score map[string][2]int

func (s score) add(name string, ok bool) {
	v := s[name]
	v[1]++
	if ok {
		v[0]++
	}
	s[name] = v
}

func (s score) share(name string) float64 {
	if s[name][1] == 0 {
		return 0
	}
	return float64(s[name][0]) / float64(s[name][1])
}
