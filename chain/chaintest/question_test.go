package chaintest

import (
	"strings"
	"testing"
)

// TestTraceFilesRefuse: a line that does not hold, or one that is missing, is told.
func TestTraceFilesRefuse(t *testing.T) {
	const ledger = "tx t1 a:1 -> b:0.7 c:0.3\nblock\ntx t2 b:0.7 -> d:0.7\n"
	for _, c := range []struct{ text, want string }{
		{"hop 1 t1 a -> b 0.7", "before any question"},
		{"trace a\nhop 1 t1 a -> b 0.6", "not so"},
		{"trace c\n", "has more: end t1:1 unspent"},
		{"trace b\nhop 1 t2 b -> d 0.7\nend d coinbase", "end d coinbase: not so"},
		{"trace b\nhop 1 t2 b -> d 0.7\nend d unspent\nend d unspent", "not so"},
		{"trace b sideways", "unknown option"},
		{"trace b stop=there", "stop at what"},
		{"trace b\nfails nothing", "not so"},
		{"peel t1\nchange t1 c\nstops unspent", "change t1 c: not so"},
		{"peel t1\nchange t1 b\nchange t2 none\n", "has more: stops unspent"},
		{"peel", "of what"},
		{"kind a p2wsx", "want: kind"},
		{"tx t3 colour=blue d:0.7 -> e:0.7", "unknown attribute"},
		{"tx t3 version=x d:0.7 -> e:0.7", "invalid syntax"},
		{"dance", "unknown statement"},
	} {
		err := RunTrace(ledger + c.text)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.text, err, c.want)
		}
	}
}
