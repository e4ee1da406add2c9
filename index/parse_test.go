package index

import (
	"errors"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	onion := strings.Repeat("demo", 13) + "aaad"
	for text, want := range map[string]string{
		"":                                   `{"all":{}}`,
		"  ":                                 `{"all":{}}`,
		"*":                                  `{"all":{}}`,
		"a b":                                `{"text":{"query":"a b"}}`,
		"a AND b":                            `{"text":{"query":"a b"}}`,
		"a OR b c":                           `{"bool":{"should":[{"text":{"query":"a"}},{"text":{"query":"b c"}}]}}`,
		"a -b":                               `{"bool":{"must":[{"text":{"query":"a"}}],"not":[{"text":{"query":"b"}}]}}`,
		"NOT NOT a":                          `{"text":{"query":"a"}}`,
		"a-b - c":                            `{"text":{"query":"a-b - c"}}`,
		`"a \"b"`:                            `{"phrase":{"text":"a \"b"}}`,
		"price:<=5":                          `{"range":{"field":"price","lte":"5"}}`,
		"price:{1 TO *]":                     `{"range":{"field":"price","gt":"1"}}`,
		"PRICE:5":                            `{"term":{"field":"price","values":["5"]}}`,
		`vendor:"x y"`:                       `{"term":{"field":"vendor","values":["x y"],"fold":true}}`,
		"from:(de OR nl)":                    `{"term":{"field":"from","values":["de","nl"]}}`,
		"ORacle ANDy":                        `{"text":{"query":"ORacle ANDy"}}`,
		"http://demo.onion/x":                `{"term":{"field":"url","values":["http://demo.onion/x"]}}`,
		onion:                                `{"term":{"field":"onion","values":["` + onion + `.onion","` + onion + `"]}}`,
		"www." + onion + ".onion":            `{"term":{"field":"onion","values":["` + onion + `.onion","` + onion + `"]}}`,
		"1BoatSLRHtKNngkdXEeobR76b53LETtpyT": `{"term":{"field":"address","values":["1BoatSLRHtKNngkdXEeobR76b53LETtpyT"]}}`,
		"1BoatSLRHtKNngkdXEeobR76b53LETtpyU": `{"text":{"query":"1BoatSLRHtKNngkdXEeobR76b53LETtpyU"}}`, // checksum
		"BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4": `{"term":{"field":"address","values":["BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4","bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"]}}`,
		strings.Repeat("ab", 20):                     `{"term":{"field":"pgp","values":["` + strings.Repeat("AB", 20) + `"]}}`,
		strings.Repeat("AB", 32):                     `{"term":{"field":"txid","values":["` + strings.Repeat("ab", 32) + `","0x` + strings.Repeat("ab", 32) + `"]}}`,
		"Shop@Demo.example":                          `{"term":{"field":"email","values":["shop@demo.example"]}}`,
		"@Demo_shop":                                 `{"term":{"field":"handle","values":["@Demo_shop","Demo_shop"],"fold":true}}`,
	} {
		n, err := Parse(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		b, err := MarshalNode(n)
		if err != nil || string(b) != want {
			t.Errorf("%q: %s, %v; want %s", text, b, err, want)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for text, pos := range map[string]int{
		"(a":                      0,
		"a)":                      1,
		"()":                      1,
		`a "b`:                    2,
		"OR a":                    0,
		"a OR":                    2,
		"a AND":                   2,
		"AND a":                   0,
		"-":                       -1, // a word of its own
		"a NOT":                   2,
		"foo:bar":                 0,
		"span:1":                  0,
		"price:":                  6,
		"price:abc":               6,
		"price:>x":                6,
		"x price:[1 5]":           8,
		"price:[1 TO 5":           6,
		"vendor:>3":               7,
		"vendor:()":               7,
		"vendor:(a":               7,
		"a*":                      0,
		"captured:tomorrow":       9,
		"((((((a))))))":           4,
		strings.Repeat("a ", 300): 400,
		strings.Repeat("x", 5000): 4096,
		"\xff":                    0,
	} {
		_, err := Parse(text)
		if pos < 0 {
			if err != nil {
				t.Errorf("%.40q: %v", text, err)
			}
			continue
		}
		var p *ParseError
		if !errors.As(err, &p) || !errors.Is(err, ErrQuery) || p.Pos != pos {
			t.Errorf("%.40q: %v, want an error at %d", text, err, pos)
		}
	}
}

// FuzzParse: a text gives an error with a place in it, or a condition that can be
// carried out and survives its way through JSON.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"a b", `"x y" OR (price:[1 TO 5] -vendor:"z")`, "captured:>2026-11 закл*", "from:(DE NL) @demo", "((((", `\"`, "a:b:c", "-(-(-a))"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := Parse(s)
		if err != nil {
			var p *ParseError
			if !errors.As(err, &p) || p.Pos < 0 || p.Pos > len(s) {
				t.Fatalf("%q: %v", s, err)
			}
			return
		}
		if _, err := Compile(Query{Where: n}); err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		b, err := MarshalNode(n)
		if err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		back, err := UnmarshalNode(b)
		if err != nil {
			t.Fatalf("%q: %s: %v", s, b, err)
		}
		if again, _ := MarshalNode(back); string(again) != string(b) {
			t.Fatalf("%q: %s, then %s", s, b, again)
		}
	})
}

// FuzzUnmarshalNode: whatever the JSON, an error or a condition.
func FuzzUnmarshalNode(f *testing.F) {
	for _, s := range []string{`{"all":{}}`, `{"bool":{"must":[{"text":{"query":"a"}}],"min_should":2}}`, `{"term":{"field":"x"}}`, `null`, `[`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := UnmarshalNode(b)
		if err != nil {
			if !errors.Is(err, ErrQuery) {
				t.Fatalf("%q: %v is no ErrQuery", b, err)
			}
			return
		}
		if _, err := Compile(Query{Where: n}); err != nil && !errors.Is(err, ErrQuery) {
			t.Fatalf("%q: %v", b, err)
		}
	})
}

func TestDeepJSON(t *testing.T) {
	s := strings.Repeat(`{"bool":{"not":[`, 5000) + `{"all":{}}` + strings.Repeat(`]}}`, 5000)
	if _, err := UnmarshalNode([]byte(s)); !errors.Is(err, ErrQuery) {
		t.Errorf("nested 5000 deep: %v", err)
	}
}
