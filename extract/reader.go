package extract

import (
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"tamga"
	"tamga/extract/tagger"
	"tamga/internal/decode"
)

// DefaultMaxBytes is how much of a page is read where Options does not say.
const DefaultMaxBytes = 64 << 20

// Version is the version of the generic reader.
const Version = 1

// NoProfile as Input.Profile forces the generic reader.
const NoProfile = "none"

// Options of a Reader.
type Options struct {
	ProfileDirs []string      // folders of *.toml; a profile replaces the embedded one of its name
	MaxBytes    int           // of a page as UTF-8; the rest is not read. 0: DefaultMaxBytes
	Log         *slog.Logger  // nil: silent
	SecretKey   []byte        // hashes what is withheld (type secret); nil: a key of this Reader alone
	ExactPlaces bool          // keep coordinates as written; else to three decimals (about 100 m), quoting nothing
	Model       *tagger.Model // of the learned tagger; nil: the embedded one
	Untagged    bool          // without the learned tagger: the lexicon alone tells substances
}

// Reader reads pages and texts. It is safe for concurrent use.
type Reader struct {
	profiles []*profile
	lexicon  *lexicon
	max      int
	log      *slog.Logger
	key      []byte
	cues     *coinCues
	exact    bool // see Options.ExactPlaces
	model    *tagger.Model
}

// New loads the profiles and the lexicon. An error names the file and the key.
func New(o Options) (*Reader, error) {
	profiles, err := loadProfiles(o.ProfileDirs)
	if err != nil {
		return nil, err
	}
	lex, err := shared()
	if err != nil {
		return nil, err
	}
	cues, err := sharedCues()
	if err != nil {
		return nil, err
	}
	r := &Reader{profiles, lex, o.MaxBytes, o.Log, secretKey(o.SecretKey), cues, o.ExactPlaces, nil}
	if r.model, err = tagger.Default(); err != nil {
		return nil, err
	}
	if o.Model != nil {
		r.model = o.Model
		if r.lexicon, err = loadLexicon(o.Model.Words()); err != nil {
			return nil, err
		}
	}
	if o.Untagged {
		r.model = nil
	}
	if r.max <= 0 {
		r.max = DefaultMaxBytes
	}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	return r, nil
}

// Profiles are the names of the profiles, in order.
func (r *Reader) Profiles() []string {
	var names []string
	for _, p := range r.profiles {
		names = append(names, p.Name)
	}
	slices.Sort(names)
	return names
}

// Input is a page to read.
type Input struct {
	URL         string    // as captured; may be empty
	ContentType string    // of the response; may be empty
	Body        []byte    // content coding removed (internal/decode)
	Time        time.Time // of the capture; zero where unknown: "yesterday" is no time then
	Profile     string    // name; "": by URL or content, else generic; "none": generic. A stream's reader is one too, and a stream is read as what it is with none
}

// Page reads a page. It fails on a profile that does not exist, never on what
// the page holds.
func (r *Reader) Page(in Input) (*tamga.Page, error) {
	if in.Profile != "" && in.Profile != NoProfile && r.profile(in.Profile) == nil && !streamName(in.Profile) {
		return nil, fmt.Errorf("no profile %q: there are %s, and %s", in.Profile, strings.Join(r.Profiles(), ", "), NoProfile)
	}
	source, _ := decode.UTF8(in.ContentType, in.Body)
	if len(source) > r.max {
		r.log.Warn("page cut", "url", in.URL, "bytes", len(source), "read", r.max)
		source = cut(source, r.max)
	}
	if page := r.message(in, source); page != nil {
		return page, nil
	}
	if page := r.stream(in, source); page != nil {
		return page, nil
	}
	m := walk(source)
	base, err := url.Parse(in.URL)
	if err != nil {
		base = &url.URL{}
	}
	d := &document{reader: r, markup: m, base: base, given: in.URL != "", now: in.Time.UTC()}
	if d.tree, err = m.parse(); err != nil {
		r.log.Debug("page read as text", "url", in.URL, "error", err)
	}
	d.page = &tamga.Page{
		Kind: tamga.PageOther, Title: m.title, Source: source, Text: m.text.text(),
		Reader: fmt.Sprintf("generic@%d", Version), Language: pageLanguage(m.lang, m.text.body),
	}
	d.findings()
	d.read(in.Profile)
	d.redact()
	return d.page, nil
}

// cut shortens s to at most n bytes without splitting a character.
func cut(s string, n int) string {
	if n >= len(s) {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

func (r *Reader) profile(name string) *profile {
	for _, p := range r.profiles {
		if p.Name == name {
			return p
		}
	}
	return nil
}

// Text reads a text: its findings, with offsets into s, and the category it
// would have as an offer, "" where it reads as none. Bytes of s that are not
// UTF-8 belong to no finding's value, but may lie inside its range.
func (r *Reader) Text(s string) (findings []tamga.Finding, category string) {
	v := plainView(s)
	x := r.scanView(&v, true)
	return x.out, x.category()
}
