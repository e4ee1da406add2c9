package session

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// MaxFile bounds what a browser exported, in bytes.
const MaxFile = 4 << 20

// maxLine bounds a line of cookies.txt, in bytes.
const maxLine = 64 << 10

// Found is what a file holds for a host.
type Found struct {
	Cookies  []Cookie
	Storage  []Item
	Others   int // cookies and items of other hosts: not taken
	Unusable int // lines and entries that are no cookies
}

// Read reads the cookies of a host, as ParseHost gives it, from a file of one of the
// forms that browsers and their helpers write:
//
//   - cookies.txt of Netscape, as curl and wget keep it: seven fields with tabs
//     between them, "#HttpOnly_" before a domain that scripts do not see;
//   - JSON: an array of cookies as browser extensions print them (expirationDate,
//     hostOnly), or an object with "cookies" and "origins" as the storageState of
//     Playwright has them.
//
// Of two cookies of one name, domain and path the later counts. A file with nothing
// for the host is an error, which never quotes the file.
func Read(r io.Reader, host string) (Found, error) {
	b, err := io.ReadAll(io.LimitReader(r, MaxFile+1))
	if err != nil {
		return Found{}, fmt.Errorf("read cookies: %w", err)
	}
	if len(b) > MaxFile {
		return Found{}, fmt.Errorf("read cookies: the file has more than %d bytes", MaxFile)
	}
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	if bytes.IndexByte(b, 0) >= 0 || !utf8.Valid(b) {
		return Found{}, errors.New("read cookies: the file is not text in UTF-8")
	}
	name, _ := split(host)
	f := finder{host: name, at: map[string]int{}}
	if t := bytes.TrimSpace(b); len(t) > 0 && (t[0] == '[' || t[0] == '{') {
		err = f.json(t)
	} else {
		err = f.netscape(b)
	}
	if err != nil {
		return Found{}, fmt.Errorf("read cookies: %w", err)
	}
	if len(f.Cookies)+len(f.Storage) == 0 {
		return f.Found, fmt.Errorf("read cookies: none for %s (%d for other hosts, %d unusable)", name, f.Others, f.Unusable)
	}
	return f.Found, nil
}

type finder struct {
	Found
	host string
	at   map[string]int // where a cookie is in Cookies
	size int            // bytes of Storage
}

// add takes a cookie that belongs to the host.
func (f *finder) add(c Cookie) error {
	c.Domain = strings.ToLower(c.Domain)
	if d, ok := strings.CutPrefix(c.Domain, "."); ok {
		c.Domain, c.HostOnly = d, false
	}
	domain, err := asciiHost(strings.Trim(c.Domain, "[]"))
	if err != nil || !c.usable() {
		f.Unusable++
		return nil
	}
	c.Domain = domain
	if !keeps(f.host, c.Domain, c.HostOnly) {
		f.Others++
		return nil
	}
	key := c.key()
	if i, there := f.at[key]; there {
		f.Cookies[i] = c
		return nil
	}
	if len(f.Cookies) == MaxCookies {
		return fmt.Errorf("more than %d cookies for %s", MaxCookies, f.host)
	}
	f.at[key] = len(f.Cookies)
	f.Cookies = append(f.Cookies, c)
	return nil
}

func (c *Cookie) key() string { return c.Name + "\x00" + c.Domain + "\x00" + c.Path }

// usable refuses what a browser would not keep (RFC 6265bis §5.6) and what would
// break out of a header line.
func (c *Cookie) usable() bool {
	if !strings.HasPrefix(c.Path, "/") {
		c.Path = "/"
	}
	bad := func(r rune) bool { return r < ' ' || r == 0x7f || r == ';' }
	return len(c.Name)+len(c.Value) > 0 && len(c.Name)+len(c.Value) <= MaxCookie && len(c.Path) <= maxPath &&
		!strings.ContainsFunc(c.Name, bad) && !strings.Contains(c.Name, "=") &&
		!strings.ContainsFunc(c.Value, bad) && !strings.ContainsFunc(c.Path, bad)
}

func (f *finder) netscape(b []byte) error {
	s := bufio.NewScanner(bytes.NewReader(b))
	s.Buffer(nil, maxLine)
	for s.Scan() {
		line := strings.TrimRight(s.Text(), "\r\n")
		line, httpOnly := strings.CutPrefix(line, "#HttpOnly_")
		if strings.TrimSpace(line) == "" || !httpOnly && strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.SplitN(line, "\t", 7)
		if len(fields) == 1 { // tabs that a copy made blanks
			fields = strings.Fields(line)
		}
		if len(fields) == 6 {
			fields = append(fields, "") // of an empty value
		}
		if len(fields) != 7 {
			f.Unusable++
			continue
		}
		seconds, err := strconv.ParseFloat(fields[4], 64)
		if err != nil || fields[0] == "" {
			f.Unusable++
			continue
		}
		c := Cookie{Domain: fields[0], HostOnly: !strings.EqualFold(fields[1], "TRUE"), Path: fields[2], Secure: strings.EqualFold(fields[3], "TRUE"),
			Expires: unix(seconds), Name: fields[5], Value: fields[6], HTTPOnly: httpOnly}
		if err := f.add(c); err != nil {
			return err
		}
	}
	if errors.Is(s.Err(), bufio.ErrTooLong) {
		return fmt.Errorf("a line of more than %d bytes", maxLine)
	}
	return s.Err()
}

// unix reads a date in seconds since 1970, or in thousandths where it would be after
// the year 5000; the zero time for what says that a cookie has none.
func unix(s float64) time.Time {
	if s > 1e11 {
		s /= 1000
	}
	if math.IsNaN(s) || s <= 0 {
		return time.Time{}
	}
	return time.Unix(int64(min(s, 2.5e11)), 0).UTC()
}

// date is a date of JSON: a number, a number in a string, or nothing.
type date float64

func (d *date) UnmarshalJSON(b []byte) error {
	if n, err := strconv.ParseFloat(strings.Trim(string(b), `"`), 64); err == nil {
		*d = date(n)
	}
	return nil
}

type jsonCookie struct {
	Name     string `json:"name"`
	Value    string `json:"value"`
	Domain   string `json:"domain"`
	Host     string `json:"host"`
	Path     string `json:"path"`
	Expires  date   `json:"expires"`
	Until    date   `json:"expirationDate"`
	HostOnly *bool  `json:"hostOnly"`
	Session  bool   `json:"session"`
	Secure   bool   `json:"secure"`
	HTTPOnly bool   `json:"httpOnly"`
}

type jsonState struct {
	Cookies []json.RawMessage `json:"cookies"`
	Origins []struct {
		Origin  string `json:"origin"`
		Storage []struct {
			Name  string `json:"name"`
			Value string `json:"value"`
		} `json:"localStorage"`
	} `json:"origins"`
}

func (f *finder) json(b []byte) error {
	var state jsonState
	var err error
	if b[0] == '[' {
		err = json.Unmarshal(b, &state.Cookies)
	} else {
		err = json.Unmarshal(b, &state)
	}
	if err != nil {
		return errors.New("the file is no JSON of cookies") // the error of the decoder may quote a value
	}
	for _, raw := range state.Cookies {
		var j jsonCookie
		if json.Unmarshal(raw, &j) != nil {
			f.Unusable++
			continue
		}
		c := Cookie{Name: j.Name, Value: j.Value, Domain: j.Domain, Path: j.Path, Secure: j.Secure, HTTPOnly: j.HTTPOnly,
			HostOnly: !strings.HasPrefix(j.Domain, ".")}
		if c.Domain == "" {
			c.Domain, c.HostOnly = j.Host, !strings.HasPrefix(j.Host, ".")
		}
		if j.HostOnly != nil {
			c.HostOnly = *j.HostOnly
		}
		if !j.Session {
			c.Expires = unix(float64(max(j.Expires, j.Until)))
		}
		if err := f.add(c); err != nil {
			return err
		}
	}
	for _, o := range state.Origins {
		u, err := url.Parse(o.Origin)
		if err != nil {
			f.Unusable += len(o.Storage)
			continue
		}
		for _, i := range o.Storage {
			if err := f.item(u, i.Name, i.Value); err != nil {
				return err
			}
		}
	}
	return nil
}

// Take is Read of what a browser holds.
func Take(host string, cookies []Cookie, storage []Item) (Found, error) {
	name, _ := split(host)
	f := finder{host: name, at: map[string]int{}}
	for _, c := range cookies {
		if err := f.add(c); err != nil {
			return Found{}, err
		}
	}
	for _, i := range storage {
		u, err := url.Parse(i.Origin)
		if err != nil {
			f.Unusable++
			continue
		}
		if err := f.item(u, i.Name, i.Value); err != nil {
			return Found{}, err
		}
	}
	return f.Found, nil
}

// item takes an item of the local storage of an origin, if it is the host's.
func (f *finder) item(origin *url.URL, name, value string) error {
	if host, err := asciiHost(origin.Hostname()); err != nil || host != f.host || origin.Scheme != "http" && origin.Scheme != "https" {
		f.Others++
		return nil
	}
	if f.size += len(name) + len(value); f.size > MaxStorage {
		return fmt.Errorf("more than %d bytes of local storage for %s", MaxStorage, f.host)
	}
	f.Storage = append(f.Storage, Item{Origin: origin.Scheme + "://" + origin.Host, Name: name, Value: value})
	return nil
}
