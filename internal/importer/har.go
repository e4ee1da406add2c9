package importer

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/textproto"
	"strings"
	"time"
	"unicode/utf8"

	"tamga"
)

// maxEntry bounds an entry of an HTTP archive, in bytes: a body in base64 and
// what stands around it.
const maxEntry = MaxRecord*4/3 + 1<<20

// harEntry is what is read of an entry (HAR 1.2).
type harEntry struct {
	Started  string `json:"startedDateTime"`
	IP       string `json:"serverIPAddress"`
	Redirect string `json:"redirectURL"`
	Request  struct {
		Method  string      `json:"method"`
		URL     string      `json:"url"`
		Version string      `json:"httpVersion"`
		Headers []harHeader `json:"headers"`
		Post    *struct {
			Text string `json:"text"`
		} `json:"postData"`
	} `json:"request"`
	Response struct {
		Status     int         `json:"status"`
		StatusText string      `json:"statusText"`
		Version    string      `json:"httpVersion"`
		Headers    []harHeader `json:"headers"`
		Content    struct {
			Size     int64  `json:"size"`
			MimeType string `json:"mimeType"`
			Text     string `json:"text"`
			Encoding string `json:"encoding"`
		} `json:"content"`
	} `json:"response"`
}

type harHeader struct{ Name, Value string }

// har seals the exchanges of an HTTP archive. A HAR file keeps no bytes of the
// wire: heads are written again from their fields, a text body is what the
// browser decoded it to. The entry's own place in the file and SHA-256 stand with
// it.
func (r *run) har(in *source) error {
	s := newJSONStream(in)
	s.bom()
	err := s.object(func(key string) error {
		if key != "log" {
			return s.skip()
		}
		return s.object(func(key string) error {
			if key != "entries" {
				return s.skip()
			}
			return s.array(func() error { return r.harEntry(s) })
		})
	})
	if err != nil {
		return err
	}
	return s.end()
}

func (r *run) harEntry(s *jsonStream) error {
	raw, start, fits, err := s.value(maxEntry)
	if err != nil {
		return err
	}
	place := where(r.name, start)
	bad := func(format string, a ...any) error {
		r.sum.Records++
		r.sum.problem(place, format, a...)
		return nil
	}
	var e harEntry
	switch {
	case !fits:
		return bad("an entry longer than %d bytes: not taken in", maxEntry)
	case !utf8.Valid(raw):
		return bad("an entry that is not UTF-8: not taken in")
	}
	if err := json.Unmarshal(raw, &e); err != nil {
		return bad("an entry that cannot be read: %v", err)
	}
	u := webURL(e.Request.URL)
	if u == "" {
		if !strings.HasPrefix(e.Request.URL, "http") { // data:, blob:, ws:, chrome-extension:
			return nil
		}
		return bad("an entry of the address %.200q: not taken in", e.Request.URL)
	}
	when, err := time.Parse(time.RFC3339Nano, e.Started)
	if err != nil {
		return bad("an entry of the time %.40q: not taken in", e.Started)
	}
	body := []byte(e.Response.Content.Text)
	if strings.EqualFold(e.Response.Content.Encoding, "base64") {
		if body, err = base64.StdEncoding.DecodeString(strings.TrimSpace(e.Response.Content.Text)); err != nil {
			return bad("an entry whose body is not base64: not taken in")
		}
	}
	ex := r.exchange(u, "", body)
	ex.Requested, ex.Status, ex.IP = when.UTC(), e.Response.Status, address(e.IP)
	ex.RequestHead = head(requestLine(&e), e.Request.Headers, "")
	ex.Detail = fmt.Sprintf("%s, sha256:%s; heads from their fields", at(start, len(raw)), digestHex(raw))
	ex.Header = nil
	if ex.Status < 100 || ex.Status > 999 {
		ex.Status, ex.Body, ex.Outcome = 0, nil, tamga.OutcomeReset
		ex.Detail += "; no response"
	} else {
		charset := ""
		if !strings.EqualFold(e.Response.Content.Encoding, "base64") && len(body) > 0 {
			charset = e.Response.Content.MimeType
		}
		ex.ResponseHead = head(statusLine(&e), e.Response.Headers, charset)
		ex.Outcome = outcome(ex.Status)
		if len(body) == 0 && e.Response.Content.Size > 0 {
			ex.Detail += "; the file has no body"
		}
	}
	if e.Request.Post != nil {
		ex.Detail += "; the body of the request stands in the file alone"
	}
	if r.Source == "" {
		ex.Source = host(u)
	}
	return r.seal(ex)
}

func requestLine(e *harEntry) string {
	return token(e.Request.Method, "GET") + " " + requestURI(e.Request.URL) + " " + version(e.Request.Version)
}

func statusLine(e *harEntry) string {
	return fmt.Sprintf("%s %03d %s", version(e.Response.Version), e.Response.Status, oneLine(e.Response.StatusText))
}

// version is an HTTP version as it stands in a head; HTTP/2 has none.
func version(v string) string {
	if v = strings.ToUpper(v); v == "HTTP/1.0" {
		return v
	}
	return "HTTP/1.1"
}

// head writes a head from its fields. The body is without its content coding, and
// a text in UTF-8: the fields that say otherwise get another name or value.
func head(first string, fields []harHeader, mimeType string) []byte {
	var b strings.Builder
	b.WriteString(first + "\r\n")
	typed := false
	for _, f := range fields {
		name := strings.TrimPrefix(oneLine(f.Name), ":")
		if name == "" || strings.HasPrefix(f.Name, ":") || strings.ContainsAny(name, " :\t") {
			continue // a pseudo field of HTTP/2, or no name
		}
		value := oneLine(f.Value)
		switch textproto.CanonicalMIMEHeaderKey(name) {
		case "Content-Encoding", "Transfer-Encoding", "Content-Length":
			name = "X-Orig-" + name
		case "Content-Type":
			typed = true
			if mimeType != "" {
				b.WriteString("X-Orig-" + name + ": " + value + "\r\n")
				value = utf8Type(value)
			}
		}
		b.WriteString(name + ": " + value + "\r\n")
	}
	if !typed && mimeType != "" {
		b.WriteString("Content-Type: " + utf8Type(oneLine(mimeType)) + "\r\n")
	}
	b.WriteString("\r\n")
	return []byte(b.String())
}

// utf8Type is a media type with the charset that JSON strings have.
func utf8Type(t string) string {
	t, _, _ = strings.Cut(t, ";")
	return strings.TrimSpace(t) + "; charset=utf-8"
}

func oneLine(s string) string {
	return strings.TrimSpace(strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return ' '
		}
		return c
	}, clip(s, 16<<10)))
}

// token is s where it can be a method.
func token(s, otherwise string) string {
	if s == "" || len(s) > 20 || strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return otherwise
	}
	return s
}

// outcome says how an exchange with a status ended.
func outcome(status int) tamga.Outcome {
	switch {
	case status >= 300 && status < 400 && status != http.StatusNotModified:
		return tamga.OutcomeRedirect
	case status == http.StatusNotFound || status == http.StatusGone:
		return tamga.OutcomeNotFound
	case status >= 400:
		return tamga.OutcomeHTTPError
	}
	return tamga.OutcomeOK
}
