package tagger

// A feature is the hash of a template with the values it takes. A word has
// features as the word to be labelled and others as a neighbour; these depend
// on the word alone. Conjunctions depend on a place.

// Templates. Their numbers are part of the model format.
const (
	tExact = iota + 1
	tLower
	tShape
	tLong
	tPrefix               // five
	tSuffix = tPrefix + 5 // five
	tGram   = tSuffix + 5 // two: three and four letters
	tLength = tGram + 2
	tNear   = tLength + 1 // offsets -3…3 but 0, four features each
	tPairs  = tNear + 7*4
	tMark   = tPairs + 12
	tPlace  = tMark + 12
	tReach  = tPlace + 4
)

// mix joins a value to a hash (a round of MurmurHash3's finaliser).
func mix(h, v uint32) uint32 {
	h ^= v
	h *= 0x85EBCA6B
	h ^= h >> 13
	h *= 0xC2B2AE35
	h ^= h >> 16
	return h
}

func key(template, v uint32) uint32 { return mix(template*0x9E3779B1, v) }

// word is what the features of a token and of its neighbours are made of.
type word struct {
	exact                        uint64
	lower, shape, suffix, prefix uint32
}

// Constants of the FNV-1a hash of 32 and 64 bits.
const (
	fnvOffset   = 2166136261
	fnvPrime    = 16777619
	fnvOffset64 = 14695981039346656037
	fnvPrime64  = 1099511628211
)

// describe hashes a word.
func describe(s string) (w word) {
	exact, lower, shape := uint64(fnvOffset64), uint32(fnvOffset), uint32(fnvOffset)
	last, run := uint8(0), 0
	for i := range len(s) {
		c, k := s[i], class[s[i]]
		exact = (exact ^ uint64(c)) * fnvPrime64
		lower = (lower ^ uint32(fold[c])) * fnvPrime
		if k == last {
			run++
		} else {
			last, run = k, 1
		}
		if run <= 2 {
			if k == sign {
				k = c
			}
			shape = (shape ^ uint32(k)) * fnvPrime
		}
		if i == 2 {
			w.prefix = lower
		}
	}
	w.exact, w.lower, w.shape = exact, lower, shape
	if len(s) < 3 {
		w.prefix = lower
	}
	w.suffix = hashFolded(s[max(0, len(s)-3):])
	return w
}

// whole is the word as written, as a value of a feature.
func (w word) whole() uint32 { return uint32(w.exact ^ w.exact>>32) }

func hashFolded(s string) uint32 {
	h := uint32(fnvOffset)
	for i := range len(s) {
		h = (h ^ uint32(fold[s[i]])) * fnvPrime
	}
	return h
}

var fold = func() (t [256]uint8) {
	for c := range 256 {
		t[c] = uint8(c)
		if 'A' <= c && c <= 'Z' {
			t[c] += 'a' - 'A'
		}
		if '0' <= c && c <= '9' {
			t[c] = '0'
		}
	}
	return t
}()

// own appends the features of a word to be labelled.
func own(dst []uint32, s string, w word) []uint32 {
	dst = append(dst, key(tExact, w.whole()), key(tLower, w.lower), key(tShape, w.shape), key(tLength, uint32(min(len(s), 12))))
	if class[s[0]] == sign {
		return dst
	}
	long := uint32(fnvOffset)
	for i := range min(len(s), 10) {
		long = (long ^ uint32(class[s[i]])) * fnvPrime
	}
	dst = append(dst, key(tLong, long))
	for n := 1; n <= 5 && n < len(s); n++ {
		dst = append(dst, key(uint32(tPrefix+n-1), hashFolded(s[:n])), key(uint32(tSuffix+n-1), hashFolded(s[len(s)-n:])))
	}
	for n := 3; n <= 4; n++ {
		for i := 0; i+n <= len(s) && i < 16; i++ {
			dst = append(dst, key(uint32(tGram+n-3), hashFolded(s[i:i+n])))
		}
	}
	return dst
}

// near appends the features of a word that stands at an offset of -3 to 3 from
// the one to be labelled.
func near(dst []uint32, w word, offset int) []uint32 {
	t := uint32(tNear + (offset+3)*4)
	dst = append(dst, key(t, w.lower))
	if -3 < offset && offset < 3 {
		dst = append(dst, key(t+1, w.shape))
	}
	if offset == -1 || offset == 1 {
		dst = append(dst, key(t+2, w.suffix), key(t+3, w.prefix))
	}
	return dst
}

var outside = word{1, 1, 1, 1, 1}

// sequence is a sentence on its way through the tagger.
type sequence struct {
	text   string
	tokens []Token
	words  []word
}

func (q *sequence) at(i int) *word {
	if i < 0 || i >= len(q.words) {
		return &outside
	}
	return &q.words[i]
}

func (q *sequence) mark(i int) uint32 {
	if i < 0 || i >= len(q.tokens) {
		return 255
	}
	return uint32(q.tokens[i].Mark)
}

// reach is how far a mark is looked for, in tokens.
const reach = 8

// distance is the nearest marked token before or behind token i with its mark,
// 0 where none is within reach.
func (q *sequence) distance(i, step int) uint32 {
	for n := 1; n <= reach; n++ {
		k := i + n*step
		if k < 0 || k >= len(q.tokens) {
			return 0
		}
		if m := q.tokens[k].Mark; m != 0 {
			return uint32(min(n, 5))<<8 | uint32(m)
		}
	}
	return 0
}

// joined appends the conjunctions at token i.
func (q *sequence) joined(dst []uint32, i int) []uint32 {
	a, w, b := q.at(i-1), q.at(i), q.at(i+1)
	dst = append(dst,
		key(tPairs, mix(a.lower, w.lower)), key(tPairs+1, mix(w.lower, b.lower)), key(tPairs+2, mix(a.lower, b.lower)),
		key(tPairs+3, mix(q.at(i-2).lower, a.lower)), key(tPairs+4, mix(b.lower, q.at(i+2).lower)),
		key(tPairs+5, mix(mix(a.shape, w.shape), b.shape)), key(tPairs+6, mix(a.lower, w.shape)))
	m, ma, mb := q.mark(i), q.mark(i-1), q.mark(i+1)
	around := m | ma<<8 | mb<<16
	if around&0x00FFFFFF != 0 {
		dst = append(dst, key(tMark, m), key(tMark+1, ma|1<<9), key(tMark+2, mb), key(tMark+3, around))
		if m != 0 {
			dst = append(dst, key(tMark+4, mix(m, w.lower)), key(tMark+5, mix(m, a.lower)), key(tMark+6, mix(m, b.lower)), key(tMark+7, mix(m, w.shape)))
		}
	}
	ahead, behind := q.distance(i, 1), q.distance(i, -1)
	if ahead|behind != 0 {
		dst = append(dst, key(tReach, ahead), key(tReach+1, behind), key(tReach+2, ahead|behind<<16),
			key(tReach+3, mix(ahead, w.lower)), key(tReach+4, mix(behind, w.lower)), key(tReach+5, mix(ahead, w.shape)))
	}
	place := uint32(0)
	if i > 0 && q.tokens[i-1].End == q.tokens[i].Start {
		place |= 1
	}
	if i+1 < len(q.tokens) && q.tokens[i].End == q.tokens[i+1].Start {
		place |= 2
	}
	dst = append(dst, key(tPlace, place), key(tPlace+1, mix(place, w.shape)))
	if i == 0 {
		dst = append(dst, key(tPlace+2, mix(1, w.shape)))
	}
	return dst
}
