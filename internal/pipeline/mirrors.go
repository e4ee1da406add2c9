package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"tamga"
	"tamga/extract/mirror"
	"tamga/internal/decode"
)

// ClaimMirror is the kind of the claims that say what a site told of another
// address of itself.
const ClaimMirror = "mirror"

// How an address was told.
const (
	ToldOnionLocation = "onion-location" // header or element of a page
	ToldSignedList    = "signed-list"    // a clear-signed message
)

// Told is what a capture says of another address of its site (claim).
type Told struct {
	Site    string       `json:"site"`    // host that says it
	Address string       `json:"address"` // host that it names
	How     string       `json:"how"`
	Status  string       `json:"status"` // verified, claimed, bad-signature, other-key, expired
	Source  string       `json:"source,omitempty"`
	Capture tamga.Digest `json:"capture"`
	URL     string       `json:"url"`  // of the capture
	Time    time.Time    `json:"time"` // of the capture
	Key     string       `json:"key,omitempty"`
	Signed  *time.Time   `json:"signed,omitempty"` // as the signature says
	Detail  string       `json:"detail,omitempty"`

	seq int64 // of the capture
}

// maxTold bounds the claims that one site can cause, so that one which names
// another address on every page does not fill the log.
const maxTold = 256

// Mirrors has Ingest record what sites tell of their other addresses.
type Mirrors struct {
	// Keys are those that the analyst gave, by source: a file's content, or a
	// fingerprint, whose key is then taken from a page of that source.
	Keys map[string]MirrorKey

	mu      sync.Mutex
	scanned map[string]int64 // by source: captures before it were looked through for its key

	foundMu sync.Mutex
	found   map[int64][]Told // by capture, until record

	seen  map[string]bool
	count map[string]int // claims by site
}

// MirrorKey is one of both.
type MirrorKey struct {
	Key         *mirror.Key
	Fingerprint string
}

// key of a source, or nil.
func (m *Mirrors) key(ctx context.Context, p *Pipeline, source string) *mirror.Key {
	m.mu.Lock()
	defer m.mu.Unlock()
	k, given := m.Keys[source]
	if !given || k.Key != nil {
		return k.Key
	}
	if m.scanned == nil {
		m.scanned = map[string]int64{}
	}
	from := m.scanned[source]
	for c, err := range p.Archive.Captures(ctx, from) {
		if err != nil {
			p.Log.Warn("key of a source not looked for", "source", source, "err", err)
			return nil
		}
		m.scanned[source] = c.Seq + 1
		if c.Source != source || c.Outcome != tamga.OutcomeOK || c.Size > 1<<20 || !keyPage(c.URL) {
			continue
		}
		if k.Key = mirror.FindKey(p.text(ctx, c.Seq), k.Fingerprint); k.Key != nil {
			m.Keys[source] = k
			return k.Key
		}
	}
	return nil
}

// text of a small capture, or nil.
func (p *Pipeline) text(ctx context.Context, seq int64) []byte {
	ex, c, err := p.Archive.Read(ctx, seq)
	if err != nil {
		return nil
	}
	body, _, err := decode.Body(ex.Header, ex.Body, LargePage)
	if err != nil {
		return nil
	}
	text, _ := decode.UTF8(c.ContentType, body)
	return []byte(text)
}

// keyPage: an address where sites have their keys.
func keyPage(u string) bool {
	u = strings.ToLower(u)
	for _, word := range []string{"pgp", "gpg", "key", ".asc", "canary"} {
		if strings.Contains(u, word) {
			return true
		}
	}
	return false
}

// look reads a capture; it may be called by several at once. m may be nil.
func (m *Mirrors) look(ctx context.Context, p *Pipeline, c tamga.Capture, ex *tamga.Exchange, page *tamga.Page) {
	if m == nil {
		return
	}
	if told := m.told(ctx, p, c, ex, page); len(told) > 0 {
		m.foundMu.Lock()
		defer m.foundMu.Unlock()
		if m.found == nil {
			m.found = map[int64][]Told{}
		}
		m.found[c.Seq] = told
	}
}

// told reads what a capture says.
func (m *Mirrors) told(ctx context.Context, p *Pipeline, c tamga.Capture, ex *tamga.Exchange, page *tamga.Page) (out []Told) {
	u, err := url.Parse(c.URL)
	if err != nil || ex == nil || c.Outcome != tamga.OutcomeOK && ex.Header.Get("Onion-Location") == "" {
		return nil
	}
	say := func(host string, t Told) {
		if host == u.Host || host == u.Hostname() {
			return
		}
		t.Site, t.Address, t.Source, t.Capture, t.URL, t.Time, t.seq = u.Host, host, c.Source, c.Digest, c.URL, c.Requested, c.Seq
		out = append(out, t)
	}
	source := ""
	if page != nil {
		source = page.Source
	}
	if host, ok := mirror.OnionLocation(ex.Header, []byte(source[:min(len(source), mirror.HeadBytes)])); ok {
		t := Told{How: ToldOnionLocation, Status: mirror.Claimed}
		if u.Scheme == "http" && c.Route == tamga.RouteClear {
			t.Detail = "over plain HTTP: whoever carried it can have written it"
		}
		say(host, t)
	}
	if !strings.Contains(source, "-----BEGIN PGP SIGNED MESSAGE-----") {
		return out
	}
	for _, l := range mirror.Lists([]byte(source), m.key(ctx, p, c.Source), c.Requested) {
		t := Told{How: ToldSignedList, Status: l.Verdict, Key: l.Key, Detail: l.Detail}
		if !l.Signed.IsZero() {
			t.Signed = &l.Signed
		}
		for _, host := range l.Hosts {
			say(host, t)
		}
	}
	return out
}

// record keeps what was found and is new in the evidence log. m may be nil.
func (m *Mirrors) record(ctx context.Context, p *Pipeline) error {
	if m == nil || len(m.found) == 0 {
		return nil
	}
	var told []Told
	for _, seq := range slices.Sorted(maps.Keys(m.found)) {
		told = append(told, m.found[seq]...)
	}
	clear(m.found)
	if m.seen == nil {
		known, err := p.Told(ctx)
		if err != nil {
			return err
		}
		m.seen, m.count = map[string]bool{}, map[string]int{}
		for _, t := range known {
			m.seen[t.id()] = true
			m.count[t.Site]++
		}
	}
	for _, t := range told {
		if m.seen[t.id()] || m.count[t.Site] >= maxTold {
			continue
		}
		data, err := json.Marshal(t)
		if err != nil {
			return fmt.Errorf("record mirror: %w", err)
		}
		if _, err := p.Archive.Claim(ctx, ClaimMirror, data); err != nil {
			return err
		}
		m.seen[t.id()] = true
		m.count[t.Site]++
		if t.Status == mirror.Bad || t.Status == mirror.Other {
			if err := m.alert(ctx, p, &t); err != nil {
				return err
			}
		}
	}
	return nil
}

// AlertMirror is the rule for a list of mirrors that lacks the signature of the
// key that was given for its source: somebody else may have written it.
const AlertMirror = "mirror-list-unsigned"

// alert calls it out, once for a site and a signer.
func (m *Mirrors) alert(ctx context.Context, p *Pipeline, t *Told) error {
	if p.Alerts == nil {
		return nil
	}
	x := tamga.Alert{Rule: AlertMirror, Severity: "high", Subject: t.Site, URL: t.URL,
		Key: eventKey(AlertMirror, t.Source, t.Site, t.Status, t.Key),
		Hit: &tamga.Sighting{Seq: t.seq, Capture: t.Capture, URL: t.URL, Time: t.Time}}
	if err := p.Alerts.update(ctx); err != nil {
		return err
	}
	if known, err := p.Alerts.known(ctx, &x); err != nil || known {
		return err
	}
	p.Log.Warn("alert", "rule", x.Rule, "severity", x.Severity, "source", t.Source, "site", t.Site, "names", t.Address, "status", t.Status, "detail", t.Detail)
	return p.Alerts.raise(ctx, &x)
}

// id: the same statement again is not recorded again.
func (t *Told) id() string {
	return strings.Join([]string{t.Site, t.Address, t.How, t.Status, t.Key}, " ")
}

// Told are the claims of the log that sites tell of other addresses, oldest first.
func (p *Pipeline) Told(ctx context.Context) (out []Told, err error) {
	for c, err := range p.Archive.Claims(ctx, 0) {
		if err != nil {
			return nil, err
		}
		if c.Kind != ClaimMirror {
			continue
		}
		var t Told
		if err := json.Unmarshal(c.Data, &t); err != nil {
			return nil, fmt.Errorf("claim %d of a mirror: %w", c.Seq, err)
		}
		out = append(out, t)
	}
	return out, nil
}
