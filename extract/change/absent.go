package change

import "slices"

// Member is a record of a list, as it is remembered.
type Member struct {
	Key    string `json:"k"`
	Missed int    `json:"m,omitempty"` // captures in a row without it, its neighbours being there
	Since  int64  `json:"f,omitempty"` // the first of them
}

// reach is how many places away a neighbour may stand, and how many new records
// may have come between two of them.
const reach = 3

// Absent compares a list with its earlier members. A member that is not there, while
// neighbours on both sides are, in the same order and close together, has been missed
// once more. Those missed limit(key) times are returned as absent; the rest of the
// list is what to remember. At the ends of a list nothing can be said: what stood
// there may have gone over to another page.
func Absent(was []Member, now []string, seq int64, limit func(key string) int) (list []Member, absent []Member) {
	place := make(map[string]int, len(now))
	for i, k := range now {
		place[k] = i
	}
	behind := map[int][]Member{} // missed ones, by the place of their neighbour before
	for i, m := range was {
		if _, there := place[m.Key]; there {
			continue
		}
		before, after := -1, -1
		for j := i - 1; j >= 0 && j >= i-reach && before < 0; j-- {
			if at, ok := place[was[j].Key]; ok {
				before = at
			}
		}
		for j := i + 1; j < len(was) && j <= i+reach && after < 0; j++ {
			if at, ok := place[was[j].Key]; ok {
				after = at
			}
		}
		if before < 0 || after < 0 || after <= before || after-before > 1+reach {
			continue
		}
		if m.Missed++; m.Missed == 1 {
			m.Since = seq
		}
		if m.Missed >= limit(m.Key) {
			absent = append(absent, m)
			continue
		}
		behind[before] = append(behind[before], m)
	}
	for i, k := range now {
		if place[k] != i {
			continue // twice on the page
		}
		list = append(list, Member{Key: k})
		list = append(list, behind[i]...)
	}
	return slices.Clip(list), absent
}
