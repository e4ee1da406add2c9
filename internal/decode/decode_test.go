package decode

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding/unicode"
)

const plainText = "<html><body>demo page, nothing is for sale</body></html>"

func compress(t testing.TB, coding string, b []byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	var w io.WriteCloser
	switch coding {
	case "gzip":
		w = gzip.NewWriter(&buf)
	case "zlib":
		w = zlib.NewWriter(&buf)
	case "raw":
		w, _ = flate.NewWriter(&buf, 9)
	case "zstd":
		w, _ = zstd.NewWriter(&buf)
	}
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func head(codings ...string) http.Header { return http.Header{"Content-Encoding": codings} }

func TestBody(t *testing.T) {
	text := []byte(plainText)
	gz := compress(t, "gzip", text)
	for name, c := range map[string]struct {
		header http.Header
		wire   []byte
		want   string
		cut    bool
	}{
		"none":             {nil, text, plainText, false},
		"identity":         {head("identity"), text, plainText, false},
		"gzip":             {head("gzip"), gz, plainText, false},
		"x-gzip upper":     {head("X-GZIP"), gz, plainText, false},
		"zlib":             {head("deflate"), compress(t, "zlib", text), plainText, false},
		"raw deflate":      {head("deflate"), compress(t, "raw", text), plainText, false},
		"zstd":             {head("zstd"), compress(t, "zstd", text), plainText, false},
		"two, one line":    {head("deflate, gzip"), compress(t, "gzip", compress(t, "zlib", text)), plainText, false},
		"two, two lines":   {head("gzip", "gzip"), compress(t, "gzip", gz), plainText, false},
		"empty":            {head("gzip"), nil, "", false},
		"no gzip at all":   {head("gzip"), text, plainText, false},
		"members":          {head("gzip"), append(bytes.Clone(gz), gz...), plainText + plainText, false},
		"padding at end":   {head("gzip"), append(bytes.Clone(gz), "padding....."...), plainText, false},
		"trailer cut":      {head("gzip"), gz[:len(gz)-4], plainText, true},
		"header cut":       {head("gzip"), gz[:5], "", true},
		"zlib trailer cut": {head("deflate"), compress(t, "zlib", text)[:len(compress(t, "zlib", text))-2], plainText, true},
	} {
		plain, cut, err := Body(c.header, c.wire, 1<<20)
		if err != nil || string(plain) != c.want || cut != c.cut {
			t.Errorf("%s: %q, truncated %v, %v; want %q, %v", name, plain, cut, err, c.want, c.cut)
		}
	}
}

func TestBodyUnsupported(t *testing.T) {
	for _, h := range []http.Header{head("br"), head("gzip, gzip, gzip"), head("gzip", "gzip", "gzip"), head("x-demo")} {
		plain, _, err := Body(h, []byte(plainText), 1<<20)
		var coding *CodingError
		if !errors.As(err, &coding) || plain != nil {
			t.Errorf("%v: %q, %v; want a CodingError", h, plain, err)
		}
	}
}

func TestBodyCorrupt(t *testing.T) {
	var text strings.Builder
	for i := range 40000 {
		fmt.Fprintf(&text, "%x ", uint32(i)*2654435761)
	}
	long := text.String()
	gz := compress(t, "gzip", []byte(long))
	gz[len(gz)/2] ^= 0xff
	plain, _, err := Body(head("gzip"), gz, 1<<20)
	if !errors.Is(err, ErrCorrupt) {
		t.Errorf("error %v, want ErrCorrupt", err)
	}
	if len(plain) < len(long)/4 || !strings.HasPrefix(long, string(plain[:len(long)/4])) {
		t.Errorf("%d bytes of what came before the damage", len(plain))
	}
}

// A bomb stops at the bound, whatever the coding and the layers.
func TestBodyBomb(t *testing.T) {
	zeros := make([]byte, 1<<20)
	for _, coding := range []string{"gzip", "zlib", "zstd"} {
		pr, pw := io.Pipe()
		go func() {
			var w io.WriteCloser
			switch coding {
			case "gzip":
				w = gzip.NewWriter(pw)
			case "zlib":
				w = zlib.NewWriter(pw)
			default:
				w, _ = zstd.NewWriter(pw)
			}
			for range 24 {
				w.Write(zeros)
			}
			w.Close()
			pw.Close()
		}()
		bomb, err := io.ReadAll(pr)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.Replace(coding, "zlib", "deflate", 1)
		plain, cut, err := Body(head(name), bomb, 1<<20)
		if err != nil || len(plain) != 1<<20 || !cut || cap(plain) > 8<<20 {
			t.Errorf("%s: %d bytes (capacity %d), truncated %v, %v", coding, len(plain), cap(plain), cut, err)
		}
		plain, cut, err = Body(head(name, "gzip"), compress(t, "gzip", bomb), 4096)
		if err != nil || len(plain) > 4096 || !cut {
			t.Errorf("%s in gzip: %d bytes, truncated %v, %v", coding, len(plain), cut, err)
		}
	}
}

func TestBodyAtTheBound(t *testing.T) {
	text := []byte(plainText)
	n := int64(len(text))
	for _, h := range []struct {
		header http.Header
		wire   []byte
	}{{nil, text}, {head("gzip"), compress(t, "gzip", text)}} {
		if plain, cut, err := Body(h.header, h.wire, n); err != nil || cut || int64(len(plain)) != n {
			t.Errorf("%v, exactly the bound: %d, %v, %v", h.header, len(plain), cut, err)
		}
		if plain, cut, err := Body(h.header, h.wire, n-1); err != nil || !cut || int64(len(plain)) != n-1 {
			t.Errorf("%v, one above the bound: %d, %v, %v", h.header, len(plain), cut, err)
		}
		if plain, _, err := Body(h.header, h.wire, -1); err != nil || len(plain) != 0 {
			t.Errorf("%v, no bytes wanted: %d, %v", h.header, len(plain), err)
		}
	}
}

const russian = "Демонстрационный рынок: этот текст выдуман от начала до конца и ничего не продаёт."

func encode(t testing.TB, name, s string) []byte {
	t.Helper()
	enc, _ := charset.Lookup(name)
	if enc == nil {
		t.Fatalf("no encoding %s", name)
	}
	b, err := enc.NewEncoder().Bytes([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestUTF8(t *testing.T) {
	meta := func(label, body string) string { return `<html><head><meta charset="` + label + `">` + body }
	late := "<html><head><script>" + strings.Repeat("var demo = 1;\n", 150) + `</script><meta http-equiv="Content-Type" content="text/html; charset=koi8-r">` + russian
	utf16 := func(e unicode.Endianness) []byte {
		b, _ := unicode.UTF16(e, unicode.UseBOM).NewEncoder().Bytes([]byte(russian))
		return b
	}
	xml := `<?xml version="1.0" encoding='windows-1251'?><rss>` + russian + `</rss>`
	uzbek := "Ўзбекистон, Қозоғистон, Тоҷикистон: намуна матн"
	for name, c := range map[string]struct {
		contentType string
		b           []byte
		text, cs    string
	}{
		"empty":                     {"", nil, "", "utf-8"},
		"plain ascii":               {"text/html", []byte("demo"), "demo", "utf-8"},
		"utf-8, nothing declared":   {"text/html", []byte(russian), russian, "utf-8"},
		"bom":                       {"text/html; charset=koi8-r", []byte("\ufeff" + meta("koi8-r", russian)), meta("koi8-r", russian), "utf-8"},
		"utf-16be bom":              {"text/html; charset=windows-1251", utf16(unicode.BigEndian), russian, "utf-16be"},
		"utf-16le bom":              {"", utf16(unicode.LittleEndian), russian, "utf-16le"},
		"koi8-r meta":               {"text/html", encode(t, "koi8-r", meta("KOI8-R", russian)), meta("KOI8-R", russian), "koi8-r"},
		"koi8-r meta, header lies":  {"text/html; charset=windows-1251", encode(t, "koi8-r", meta("koi8-r", russian)), meta("koi8-r", russian), "koi8-r"},
		"koi8-r meta, header utf-8": {"text/html; charset=utf-8", encode(t, "koi8-r", meta("koi8-r", russian)), meta("koi8-r", russian), "koi8-r"},
		"late http-equiv":           {"text/html", encode(t, "koi8-r", late), late, "koi8-r"},
		"cp1251 header":             {"text/html; charset=windows-1251", encode(t, "windows-1251", russian), russian, "windows-1251"},
		"broken header":             {`text/html; charset="windows-1251; x`, encode(t, "windows-1251", russian), russian, "windows-1251"},
		"broken header, no label":   {`text/html; charset= ;; =`, encode(t, "windows-1251", russian), russian, "windows-1251"},
		"unknown label":             {"text/html; charset=demo-1", encode(t, "windows-1251", russian), russian, "windows-1251"},
		"header says latin":         {"text/html; charset=iso-8859-1", []byte(russian), russian, "utf-8"},
		"meta says cp1251, is utf8": {"", []byte(meta("windows-1251", russian)), meta("windows-1251", russian), "utf-8"},
		"meta says utf-8, is not":   {"text/html; charset=koi8-r", encode(t, "koi8-r", meta("utf-8", russian)), meta("utf-8", russian), "koi8-r"},
		"meta utf-16 means utf-8":   {"", []byte(meta("utf-16", russian)), meta("utf-16", russian), "utf-8"},
		"xml declaration":           {"application/rss+xml", encode(t, "windows-1251", xml), xml, "windows-1251"},
		"no meta in plain text":     {"text/plain; charset=windows-1251", encode(t, "windows-1251", meta("koi8-r", russian)), meta("koi8-r", russian), "windows-1251"},
		"guess cp1251":              {"", encode(t, "windows-1251", russian), russian, "windows-1251"},
		"guess koi8-r":              {"", encode(t, "koi8-r", russian), russian, "koi8-r"},
		"guess cp866":               {"", encode(t, "ibm866", russian), russian, "ibm866"},
		"guess iso-8859-5":          {"", encode(t, "iso-8859-5", russian), russian, "iso-8859-5"},
		"guess capitals":            {"", encode(t, "koi8-r", strings.ToUpper(russian)), strings.ToUpper(russian), "koi8-r"},
		"guess western":             {"", []byte("caf\xe9, Gr\xf6\xdfe, na\xefve"), "café, Größe, naïve", "windows-1252"},
		"cut inside a character":    {"text/html", []byte(russian[:len(russian)-2]), russian[:len(russian)-3] + "\uFFFD", "utf-8"},
		"uzbek":                     {"text/html; charset=windows-1251", []byte(uzbek), uzbek, "utf-8"},
		"a few broken bytes":        {"text/html", []byte(russian + "\xff"), russian + "\uFFFD", "utf-8"},
		"replacement refused":       {"text/html; charset=hz-gb-2312", []byte(russian), russian, "utf-8"},
	} {
		text, cs := UTF8(c.contentType, c.b)
		if text != c.text || cs != c.cs {
			t.Errorf("%s: %s %.120q; want %s %.120q", name, cs, text, c.cs, c.text)
		}
	}
}

func FuzzBody(f *testing.F) {
	for _, c := range []string{"gzip", "zlib", "raw", "zstd"} {
		f.Add(strings.NewReplacer("zlib", "deflate", "raw", "deflate").Replace(c), compress(f, c, []byte(plainText)))
	}
	f.Add("gzip, deflate", []byte{0x1f, 0x8b})
	f.Fuzz(func(t *testing.T, coding string, wire []byte) {
		const max = 1 << 16
		before := bytes.Clone(wire)
		plain, _, err := Body(head(coding), wire, max)
		if len(plain) > max && err == nil {
			t.Fatalf("%d bytes past the bound", len(plain))
		}
		if !bytes.Equal(before, wire) {
			t.Fatal("wire bytes changed")
		}
	})
}

func FuzzUTF8(f *testing.F) {
	f.Add("text/html; charset=koi8-r", encode(f, "koi8-r", "<meta charset=koi8-r>"+russian))
	f.Add("", []byte("\xff\xfe\x00"))
	f.Add("text/html; charset=iso-2022-jp", []byte("\x1b$B"))
	f.Fuzz(func(t *testing.T, contentType string, b []byte) {
		text, name := UTF8(contentType, b)
		if !utf8.ValidString(text) || name == "" {
			t.Fatalf("%q under %q: not UTF-8", text, name)
		}
		if again, same := UTF8(contentType, b); again != text || same != name {
			t.Fatal("not the same text twice")
		}
	})
}
