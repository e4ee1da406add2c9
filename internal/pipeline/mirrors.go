package pipeline

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"tamga"
	"tamga/extract/mirror"
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
	Time    time.Time    `json:"time"` // of the capture
	Key     string       `json:"key,omitempty"`
	Signed  *time.Time   `json:"signed,omitempty"` // as the signature says
	Detail  string       `json:"detail,omitempty"`
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
		_, page, err := p.open(ctx, c.Seq)
		if err != nil {
			continue
		}
		if k.Key = mirror.FindKey([]byte(page), k.Fingerprint); k.Key != nil {
			m.Keys[source] = k
			return k.Key
		}
	}
	return nil
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
		t.Site, t.Address, t.Source, t.Capture, t.Time = u.Host, host, c.Source, c.Digest, c.Requested
		out = append(out, t)
	}
	var source []byte
	if page != nil {
		source = []byte(page.Source)
	}
	if host, ok := mirror.OnionLocation(ex.Header, source); ok {
		t := Told{How: ToldOnionLocation, Status: mirror.Claimed}
		if u.Scheme == "http" && c.Route == tamga.RouteClear {
			t.Detail = "over plain HTTP: whoever carried it can have written it"
		}
		say(host, t)
	}
	if !strings.Contains(string(source), "-----BEGIN PGP SIGNED MESSAGE-----") {
		return out
	}
	for _, l := range mirror.Lists(source, m.key(ctx, p, c.Source), c.Requested) {
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

// record keeps what is new in the evidence log.
func (m *Mirrors) record(ctx context.Context, p *Pipeline, told []Told) error {
	if len(told) == 0 {
		return nil
	}
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
			p.Log.Warn("a list of mirrors lacks the signature of the source's key", "source", t.Source, "site", t.Site, "names", t.Address, "status", t.Status, "detail", t.Detail)
		}
	}
	return nil
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
