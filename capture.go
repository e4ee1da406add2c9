package tamga

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Digest is a SHA-256 digest written as "sha256:" and 64 lower-case
// hexadecimal digits.
type Digest string

// DigestOf returns the digest of b.
func DigestOf(b []byte) Digest {
	sum := sha256.Sum256(b)
	return Digest("sha256:" + hex.EncodeToString(sum[:]))
}

// ParseDigest checks the form of s; it does not need to name stored bytes.
func ParseDigest(s string) (Digest, error) {
	h, ok := strings.CutPrefix(s, "sha256:")
	if raw, err := hex.DecodeString(h); !ok || err != nil || len(raw) != sha256.Size || h != strings.ToLower(h) {
		return "", fmt.Errorf("digest %q: want sha256: and 64 lower-case hexadecimal digits", s)
	}
	return Digest(s), nil
}

// Route is the way an exchange took.
type Route string

// The routes. A loopback or private address reached with --local is RouteLocal.
const (
	RouteTor    Route = "tor"
	RouteClear  Route = "clear"
	RouteI2P    Route = "i2p"
	RouteLocal  Route = "local"
	RouteImport Route = "import"
)

// Outcome says how an attempt to fetch ended. "Down" is never an outcome: each
// value names the layer that gave up.
type Outcome string

// The outcomes. Only an exchange with a response is archived with a body; the
// others are archived as attempts when the source asks for an uptime series.
const (
	OutcomeOK          Outcome = "ok"           // a complete response, any 2xx status
	OutcomeTruncated   Outcome = "truncated"    // the body cap cut the response
	OutcomeRedirect    Outcome = "redirect"     // a 3xx hop
	OutcomeNotFound    Outcome = "not-found"    // 404, 410
	OutcomeHTTPError   Outcome = "http-error"   // any other 4xx, 5xx
	OutcomeCaptcha     Outcome = "captcha"      // a captcha wall (read from the page)
	OutcomeQueue       Outcome = "queue"        // a waiting room
	OutcomeLogin       Outcome = "login"        // a login wall
	OutcomeDDoS        Outcome = "ddos"         // a DDoS-protection page
	OutcomeScriptOnly  Outcome = "script-only"  // an empty shell that needs scripts
	OutcomeNoPreview   Outcome = "no-preview"   // a channel or group that shows its posts to members alone
	OutcomeRefused     Outcome = "refused"      // connection refused
	OutcomeUnreachable Outcome = "unreachable"  // SOCKS 0x03, 0x04: network or host unreachable
	OutcomeSOCKS       Outcome = "socks-error"  // any other SOCKS reply; Detail has the code
	OutcomeDNS         Outcome = "dns-error"    // clear web only, and only where DNS is allowed
	OutcomeDial        Outcome = "dial-timeout" // no connection in time
	OutcomeTLS         Outcome = "tls-error"
	OutcomeHeader      Outcome = "header-timeout" // connected, no response header in time
	OutcomeBody        Outcome = "body-timeout"   // header read, body stalled
	OutcomeReset       Outcome = "reset"          // connection broken mid-way
	OutcomeProtocol    Outcome = "protocol-error" // not HTTP
	OutcomePolicy      Outcome = "policy"         // refused by the network policy before any packet
	OutcomeBlocked     Outcome = "blocked"        // answered with a body that is on a blocklist, which was dropped
	OutcomeLoop        Outcome = "redirect-loop"  // more redirects than the limit
	OutcomeCancelled   Outcome = "cancelled"      // interrupted by the operator
)

// Exchange is one request and its response as they were on the wire: what the
// crawler hands to the archive. A redirect chain is one Exchange per hop.
type Exchange struct {
	URL       string // absolute, without fragment
	Via       string // URL of the previous hop of a redirect, else of the page the link stood on; may be empty
	Route     Route
	IP        string // address of the peer where it was dialled directly, else empty
	Requested time.Time
	Operator  string // who ran the crawl
	Source    string // configured source, or the host
	Tool      string // program and version

	RequestHead []byte // request line and header as sent, ending in an empty line

	Status       int         // 0 when no response came
	ResponseHead []byte      // status line and header as received, ending in an empty line
	Header       http.Header // the same, parsed; for readers, not for the record
	Body         []byte      // payload with transfer coding removed and content coding kept; cut at the cap
	Truncated    string      // WARC-Truncated reason: "length", "time", "disconnect", or empty

	Outcome Outcome
	Detail  string // what the layer said, for people
}

// Capture is one sealed exchange (fact). Its number is its place in the Merkle
// log, and never changes; two captures of identical bytes share a Digest.
type Capture struct {
	Seq         int64     `json:"seq"`    // index of its entry in the log, from 0
	Digest      Digest    `json:"digest"` // of the payload as on the wire (content coding kept)
	URL         string    `json:"url"`
	Via         string    `json:"via,omitempty"`
	Source      string    `json:"source,omitempty"`
	Route       Route     `json:"route"`
	Requested   time.Time `json:"requested"`
	Stored      time.Time `json:"stored"`
	Operator    string    `json:"operator,omitempty"`
	Tool        string    `json:"tool"`
	Outcome     Outcome   `json:"outcome"`
	Detail      string    `json:"detail,omitempty"`
	Status      int       `json:"status,omitempty"`
	ContentType string    `json:"content_type,omitempty"`
	Location    string    `json:"location,omitempty"` // redirect target as sent
	Size        int64     `json:"size"`               // payload bytes kept
	Truncated   string    `json:"truncated,omitempty"`
}

// Span is a place in a capture: the half-open byte range [Start, End) of the
// payload after content decoding and conversion to UTF-8, and the recogniser
// that read it ("price@1").
type Span struct {
	Capture Digest `json:"capture"`
	Start   int    `json:"start"`
	End     int    `json:"end"`
	Rule    string `json:"rule"`
}
