package bitcoin

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestJoinerHolds: over random unions of large and small wallets, with owners and
// pairs kept apart, the joiner does what plain bookkeeping does.
func TestJoinerHolds(t *testing.T) {
	const n = 40
	heldOnce, lifted, refused := 0, 0, 0
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 11))
		j := &joiner{sets: newForest(n)}
		of, size, owner := [n]int{}, [n]uint32{}, [n]int{}
		for i := range n {
			of[i], size[i] = i, 1
			if r.IntN(3) == 0 {
				size[i] = bridge
				j.sets[i].size = bridge
			}
		}
		var apart [][2]int
		if seed%2 == 0 {
			j.rules = newRules(j.sets)
			for i := range n {
				if r.IntN(5) == 0 {
					owner[i] = 1 + r.IntN(3)
					j.rules.carries(uint32(i), uint32(owner[i]))
				}
			}
			for range r.IntN(4) {
				if a, b := r.IntN(n), r.IntN(n); a != b {
					j.rules.keepApart(pair{uint32(a), uint32(b), len(apart)})
					apart = append(apart, [2]int{a, b})
				}
			}
		}
		type waiting struct{ tx, a, b int }
		var waits []waiting
		weight := func(set int) (sum uint32, owners map[int]bool) {
			owners = map[int]bool{}
			for i := range n {
				if of[i] == set {
					sum += size[i]
					if owner[i] > 0 {
						owners[owner[i]] = true
					}
				}
			}
			return sum, owners
		}
		for k := range 120 {
			tx := k / 2
			a, b := r.IntN(n), r.IntN(n)
			m := merge{uint32(a), uint32(b), uint32(tx), 0, 1, multiInput}
			j.joinAll([]merge{m})
			x, y := of[a], of[b]
			if x == y {
				continue
			}
			no := false
			for _, p := range apart {
				px, py := of[p[0]], of[p[1]]
				no = no || px == x && py == y || px == y && py == x
			}
			if no {
				refused++
				continue
			}
			sx, ox := weight(x)
			sy, oy := weight(y)
			differ := len(ox) > 0 && len(oy) > 0
			for o := range ox {
				differ = differ && !oy[o]
			}
			if differ || sx >= bridge && sy >= bridge {
				second := false
				for _, w := range waits {
					wx, wy := of[w.a], of[w.b]
					second = second || w.tx != tx && (wx == x && wy == y || wx == y && wy == x)
				}
				if !second {
					waits = append(waits, waiting{tx, a, b})
					heldOnce++
					continue
				}
				lifted++
			}
			for i := range n {
				if of[i] == y {
					of[i] = x
				}
			}
		}
		for a := range n {
			for b := range n {
				if (of[a] == of[b]) != (j.sets.find(uint32(a)) == j.sets.find(uint32(b))) {
					t.Fatalf("seed %d: %d and %d", seed, a, b)
				}
			}
		}
		want := map[string]bool{}
		for _, w := range waits {
			if of[w.a] != of[w.b] {
				x, y := min(of[w.a], of[w.b]), max(of[w.a], of[w.b])
				want[fmt.Sprint(w.tx, x, y)] = true
			}
		}
		got := map[string]bool{}
		for _, h := range j.waiting() {
			x, y := of[h.a], of[h.b]
			got[fmt.Sprint(h.tx, min(x, y), max(x, y))] = true
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("seed %d: waiting %v, want %v", seed, got, want)
		}
	}
	if heldOnce < 300 || lifted < 100 || refused < 100 {
		t.Fatalf("%d held, %d lifted, %d refused", heldOnce, lifted, refused)
	}
}
