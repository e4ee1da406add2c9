package extract

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"tamga"
)

// secretKeySize is the size of the key that a Reader makes for itself.
const secretKeySize = 32

// keyPrefix says how the value of a withheld finding was made.
const keyPrefix = "hmac-sha256:"

// secretKey is the key that withheld values are hashed with: the one given, else
// one of this process, under which equal secrets still have equal values.
func secretKey(given []byte) []byte {
	if len(given) > 0 {
		return slices.Clone(given)
	}
	key := make([]byte, secretKeySize)
	_, _ = rand.Read(key) // never fails (crypto/rand)
	return key
}

// keyed is what is stored instead of s: HMAC-SHA-256 (RFC 2104) under the
// Reader's key. Whoever lacks the key can neither read s back nor test a guess,
// which a plain digest of a card number would allow.
func (r *Reader) keyed(s string) string {
	h := hmac.New(sha256.New, r.key)
	h.Write([]byte(s))
	return keyPrefix + hex.EncodeToString(h.Sum(nil))
}

// withhold reports a finding over s[start:end] whose text must not be stored:
// its Raw is empty. The caller has put nothing of the text into f.
func (s *scan) withhold(f tamga.Finding, start, end int) {
	f.Start, f.End = start, end
	s.out = append(s.out, f)
	s.withheld = append(s.withheld, [2]int{start, end})
}

// cover empties what other findings quote of a withheld range, such as a URL
// with a key in it.
func (s *scan) cover() {
	if len(s.withheld) == 0 {
		return
	}
	masked := blot(s.s, s.withheld)
	sortRanges(s.withheld)
	all := s.withheld[:1]
	for _, r := range s.withheld[1:] {
		if last := &all[len(all)-1]; r[0] < last[1] {
			last[1] = max(last[1], r[1])
		} else {
			all = append(all, r)
		}
	}
	s.withheld = all
	for i := range s.out {
		f := &s.out[i]
		k, _ := slices.BinarySearchFunc(all, f.End, func(r [2]int, end int) int { return r[0] - end })
		if f.Raw != "" && k > 0 && all[k-1][1] > f.Start {
			f.Raw, f.Value = "", strings.ToValidUTF8(masked[f.Start:f.End], "\uFFFD")
		}
	}
}

// blot puts a star for each byte of the ranges.
func blot(s string, ranges [][2]int) string {
	if len(ranges) == 0 {
		return s
	}
	b := []byte(s)
	for _, r := range ranges {
		for i := r[0]; i < r[1]; i++ {
			b[i] = '*'
		}
	}
	return string(b)
}

// redact takes the withheld text out of whatever the page quotes. Its Source and
// the capture it comes from stay what they were: evidence is not altered.
func (d *document) redact() {
	p := d.page
	var pairs []string
	for _, f := range p.Findings {
		if f.Raw == "" {
			secret := p.Source[f.Start:f.End]
			pairs = append(pairs, secret, strings.Repeat("*", len(secret)))
		}
	}
	if len(pairs) == 0 {
		return
	}
	words := strings.NewReplacer(pairs...)
	clean := func(fields ...*string) {
		for _, s := range fields {
			v := plainView(*s)
			*s = words.Replace(blot(*s, d.reader.scan(&v).withheld))
		}
	}
	clean(&p.Title, &p.Text.Body)
	for i := range p.Listings {
		l := &p.Listings[i]
		clean(&l.Title, &l.URL, &l.Vendor, &l.Description, &l.Section, &l.FromText, &l.ToText)
	}
	for i := range p.Posts {
		x := &p.Posts[i]
		clean(&x.ID, &x.URL, &x.Channel, &x.Thread, &x.Author, &x.Text, &x.ForwardedFrom, &x.ReplyTo, &x.Withheld)
	}
	if v := p.Vendor; v != nil {
		clean(&v.Name, &v.URL, &v.Bio)
	}
}
