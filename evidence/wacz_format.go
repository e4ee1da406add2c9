package evidence

import (
	"encoding/base64"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"tamga"
)

// The files of a WACZ (https://specs.webrecorder.net/wacz/1.1.1/), and ours in it.
const (
	waczVersion   = "1.1.1"
	waczWARC      = "archive/data.warc.gz"
	waczCDX       = "indexes/index.cdx"
	waczPages     = "pages/pages.jsonl"
	waczPackage   = "datapackage.json"
	waczDigest    = "datapackage-digest.json"
	waczManifest  = "tamga/manifest.json"
	waczCaptures  = "tamga/captures.list.gz" // JSON Lines; validators take *.jsonl for tables of one type a column
	waczLog       = "tamga/log/"             // head, key and the stamps
	waczSignature = "tamga/signature"

	waczCapturesBefore = "tamga/captures.jsonl.gz" // the name it had

	waczFormat     = "tamga-wacz-1"
	claimExport    = "export"
	signedWACZText = "tamga wacz 1\n" // before the digest that is signed
)

// WACZOptions is what goes into a WACZ.
type WACZOptions struct {
	Captures  []int64 // numbers of captures; each once, in any order
	Title     string
	Selection any                                // how they were chosen, for the manifest and the log
	Redact    []string                           // fields of HTTP heads that are left out; nil: SecretHeaders
	PageTitle func(tamga.Capture) (title string) // of an HTML page; nil or "": its URL
	Progress  func(done, total int64)            // captures
}

// WACZSummary is what was written.
type WACZSummary struct {
	Captures int64            `json:"captures"`
	Removed  int64            `json:"removed,omitempty"` // captures chosen whose bytes a retention run removed
	Redacted map[string]int64 `json:"redacted"`          // records without a field, by the field
	Bytes    int64            `json:"bytes"`
	Entry    int64            `json:"entry"` // of the log that says so
	LogSize  int64            `json:"log_size"`
}

// The JSON of tamga/manifest.json.
type waczManifestJSON struct {
	Format    string           `json:"format"`
	Created   time.Time        `json:"created"`
	Software  string           `json:"software"`
	Operator  string           `json:"operator,omitempty"`
	Log       string           `json:"log"` // name of the key
	LogSize   int64            `json:"log_size"`
	Captures  int64            `json:"captures"`
	Removed   int64            `json:"removed,omitempty"`
	Selection any              `json:"selection,omitempty"`
	Headers   []string         `json:"redacted_headers"`
	Redacted  map[string]int64 `json:"redacted"`
	Entry     int64            `json:"entry"` // the export's own, the last of the captures file
	// Heads proves, for each kept head that goes with it, that the log of the head
	// has it as a prefix (RFC 6962, section 2.1.2).
	Heads []waczHead `json:"heads"`
}

type waczHead struct {
	Size  int64       `json:"size"`
	Proof []tlog.Hash `json:"proof"`
}

// waczCapture is a line of tamga/captures.list.gz.
type waczCapture struct {
	Seq     int64        `json:"seq"`
	Entry   string       `json:"entry"` // text of the log entry
	Proof   []tlog.Hash  `json:"proof"` // inclusion under the head (RFC 6962, section 2.1.1)
	Records []waczRecord `json:"records,omitempty"`
}

// waczRecord says where a record of the entry stands in the WARC of the WACZ.
type waczRecord struct {
	Index    int          `json:"index"` // among the records of the entry
	Offset   int64        `json:"offset"`
	Length   int64        `json:"length"`
	Digest   tamga.Digest `json:"digest"` // of the compressed bytes
	As       string       `json:"as"`     // same, redacted, whole
	Redacted []string     `json:"redacted,omitempty"`
}

// How a record stands in a WACZ.
const (
	asSame     = "same"     // byte for byte as in the archive
	asRedacted = "redacted" // without fields of its HTTP head
	asWhole    = "whole"    // a revisit, with the payload of the capture it refers to
)

func waczSigned(sum []byte) string {
	return signedWACZText + base64.StdEncoding.EncodeToString(sum) + "\n"
}

func waczDigestJSON(sum []byte) []byte {
	return fmt.Appendf(nil, "{\n  \"path\": %q,\n  \"hash\": \"sha256:%x\"\n}\n", waczPackage, sum)
}
