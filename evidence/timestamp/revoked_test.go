package timestamp

import (
	"errors"
	"strings"
	"testing"
	"time"

	"tamga/internal/tsalab"
)

func TestRevocations(t *testing.T) {
	a, roots := authority(t, tsalab.Options{})
	_, token, err := client(roots).Ask(t.Context(), a.URL, stamped)
	if err != nil {
		t.Fatal(err)
	}
	before, after := token.Time.Add(-time.Hour), token.Time.Add(time.Hour)
	for name, tc := range map[string]struct {
		at     time.Time
		reason int
		bad    bool
	}{
		"not on it":                  {time.Time{}, 0, false},
		"before, key compromise":     {before, 1, true},
		"before, superseded":         {before, 4, true},
		"after, superseded":          {after, 4, false},
		"after, cessation":           {after, 5, false},
		"after, key compromise":      {after, 1, true}, // RFC 3161, section 4: whoever has the key can state any time
		"after, no reason":           {after, 0, true},
		"after, privilege withdrawn": {after, 9, true},
	} {
		b, err := a.Revocations(tc.at, tc.reason)
		if err != nil {
			t.Fatal(err)
		}
		r, err := ParseRevocations(b)
		if err != nil {
			t.Fatal(err)
		}
		asOf, err := r.Check(token, roots)
		if errors.Is(err, ErrRevoked) != tc.bad || !tc.bad && (err != nil || asOf.IsZero()) {
			t.Errorf("%s: %v, as of %v", name, err, asOf)
		}
		// An authority that is revoked is not taken, whatever it answers.
		if tc.bad && tc.at == before {
			c := client(roots)
			c.Revoked = r
			if _, _, err := c.Ask(t.Context(), a.URL, stamped); !errors.Is(err, ErrRevoked) {
				t.Errorf("%s: asked: %v", name, err)
			}
		}
	}
	good, err := a.Revocations(time.Time{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	// Of another authority of the same name: its signature is not that of the issuer.
	other, _ := authority(t, tsalab.Options{})
	forged, err := other.Revocations(before, 1)
	if err != nil {
		t.Fatal(err)
	}
	if r, err := ParseRevocations(forged); err != nil {
		t.Fatal(err)
	} else if _, err := r.Check(token, roots); err == nil || errors.Is(err, ErrRevoked) {
		t.Errorf("a forged list: %v", err)
	}
	// Without the certificate of who issued it, that of the token will do or nothing is said.
	for _, b := range [][]byte{nil, []byte("x"), good[:len(good)/3], []byte("-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"), make([]byte, maxRevocations+1)} {
		if _, err := ParseRevocations(b); err == nil {
			t.Errorf("%.20q: read", b)
		}
	}
	if r, err := ParseRevocations([]byte(strings.Repeat(string(good), 3))); err != nil || len(r.lists) != 3 {
		t.Errorf("%v", err)
	}
}

func FuzzRevocations(f *testing.F) {
	a, roots := authority(f, tsalab.Options{})
	_, token, err := client(roots).Ask(f.Context(), a.URL, stamped)
	if err != nil {
		f.Fatal(err)
	}
	b, err := a.Revocations(token.Time, 1)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, err := ParseRevocations(b); err == nil {
			r.Check(token, roots)
		}
	})
}
