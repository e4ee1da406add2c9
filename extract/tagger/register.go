package tagger

// registersOf learns how a word speaks for the register of its text: the
// logarithm of how much more often it stands in news than in talk, for the word
// as written, in small letters, and for its shape (a naive Bayes classifier, each
// of the three with a third of the weight).
func registersOf(examples []Example) map[uint32]float32 {
	counts := map[uint32]*[registers]float32{}
	var total [registers]float32
	for _, x := range examples {
		for _, t := range x.Tokens {
			w := describe(x.Text[t.Start:t.End])
			for _, k := range [...]uint32{key(tExact, w.whole()), key(tLower, w.lower), key(tShape, w.shape)} {
				c := counts[k]
				if c == nil {
					c = new([registers]float32)
					counts[k] = c
				}
				c[x.Register]++
			}
			total[x.Register]++
		}
	}
	out := make(map[uint32]float32, len(counts))
	if total[Talk] == 0 || total[News] == 0 {
		return out
	}
	for k, c := range counts {
		news, talk := (c[News]+0.5)/total[News], (c[Talk]+0.5)/total[Talk]
		out[k] = log(news/talk) / 3
	}
	return out
}

// log is the natural logarithm of a positive x to about 1e-4, the same on every
// machine: Newton's method on exp.
func log(x float32) float32 {
	y := float32(0)
	for range 60 {
		e := exp(y)
		d := float32(2*(x-e)) / (x + e)
		y += d
		if d < 1e-6 && d > -1e-6 {
			break
		}
	}
	return y
}
