package extract

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/PuerkitoBio/goquery"
	"github.com/andybalholm/cascadia"
	"github.com/pelletier/go-toml/v2"

	"tamga"
)

//go:embed profiles/*.toml
var profileFiles embed.FS

// profile is how the pages of one market are read: docs/profiles.md.
type profile struct {
	Name    string   `toml:"name"`
	Version int      `toml:"version"`
	Detect  detect   `toml:"detect"`
	Ignore  []string `toml:"ignore"`  // elements whose findings are not the page's matter
	Clock   field    `toml:"clock"`   // where a page tells the time, on the clock its posts are dated by
	Generic bool     `toml:"generic"` // pages of no layout go to the generic reader
	Network bool     `toml:"network"` // one site, whoever writes there: the generic reader knows its posts too
	Pages   []layout `toml:"pages"`

	ignore []goquery.Matcher
}

// detect says whose page it is: a host, or a signature of the content.
type detect struct {
	Hosts     []string `toml:"hosts"`     // exact names, or ".suffix"
	Signature []string `toml:"signature"` // selectors that must all match

	signature []goquery.Matcher
}

// layout is one kind of page of a market.
type layout struct {
	Kind tamga.PageKind `toml:"kind"`
	Path string         `toml:"path"` // regexp over path and query; empty: any
	When []string       `toml:"when"` // selectors that must all match

	Title   field    `toml:"title"`
	Listing *offer   `toml:"listing"`
	Cards   *offer   `toml:"cards"`
	Vendor  *who     `toml:"vendor"`
	Posts   *message `toml:"posts"`
	Reviews *reviews `toml:"feedback"`

	path *regexp.Regexp
	when []goquery.Matcher
}

// offer is where the fields of a listing stand, inside Element.
type offer struct {
	Element     string `toml:"element"`
	Title       field  `toml:"title"`
	URL         field  `toml:"url"`
	Vendor      field  `toml:"vendor"`
	Price       field  `toml:"price"`
	Currency    field  `toml:"currency"`
	Quantity    field  `toml:"quantity"`
	From        field  `toml:"from"`
	To          field  `toml:"to"`
	Section     field  `toml:"section"`
	Description field  `toml:"description"`

	element goquery.Matcher
}

// who is where the fields of a vendor stand, inside Element.
type who struct {
	Element string `toml:"element"`
	Name    field  `toml:"name"`
	URL     field  `toml:"url"`
	Rating  field  `toml:"rating"`
	Deals   field  `toml:"deals"`
	Bio     field  `toml:"bio"`
	Since   field  `toml:"since"`
	Seen    field  `toml:"last_seen"`

	element goquery.Matcher
}

// kinds are the page kinds of the contract.
var kinds = []tamga.PageKind{tamga.PageListing, tamga.PageListings, tamga.PageVendor, tamga.PageThread, tamga.PageChannel,
	tamga.PageLogin, tamga.PageCaptcha, tamga.PageQueue, tamga.PageDDoS, tamga.PageError, tamga.PageOther}

// loadProfiles reads the embedded profiles and then those of dirs; a later one
// replaces an earlier one of the same name.
func loadProfiles(dirs []string) ([]*profile, error) {
	sources := []fs.FS{profileFiles}
	names := []string{"embedded"}
	for _, d := range dirs {
		sources, names = append(sources, os.DirFS(d)), append(names, d)
	}
	var all []*profile
	for i, src := range sources {
		pattern := "*.toml"
		if i == 0 {
			pattern = "profiles/*.toml"
		} else if _, err := fs.Stat(src, "."); err != nil {
			return nil, fmt.Errorf("profiles of %s: %w", names[i], err)
		}
		files, err := fs.Glob(src, pattern)
		if err != nil {
			return nil, fmt.Errorf("profiles of %s: %w", names[i], err)
		}
		for _, f := range files {
			data, err := fs.ReadFile(src, f)
			if err != nil {
				return nil, fmt.Errorf("profiles of %s: %w", names[i], err)
			}
			p, err := parseProfile(data)
			if err != nil {
				return nil, fmt.Errorf("profile %s: %w", path.Join(names[i], f), err)
			}
			all = slices.DeleteFunc(all, func(q *profile) bool { return q.Name == p.Name })
			all = append(all, p)
		}
	}
	return all, nil
}

// parseProfile decodes strictly: an unknown key is an error with its name.
func parseProfile(data []byte) (*profile, error) {
	p := &profile{}
	if err := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields().Decode(p); err != nil {
		var strict *toml.StrictMissingError
		if errors.As(err, &strict) && len(strict.Errors) > 0 {
			row, _ := strict.Errors[0].Position()
			return nil, fmt.Errorf("line %d: unknown key %q", row, strings.Join(strict.Errors[0].Key(), "."))
		}
		var bad *toml.DecodeError
		if errors.As(err, &bad) {
			row, col := bad.Position()
			return nil, fmt.Errorf("line %d column %d: key %q: %w", row, col, strings.Join(bad.Key(), "."), bad)
		}
		return nil, err
	}
	return p, p.compile()
}

// compile checks every value and prepares the selectors; errors name the key.
func (p *profile) compile() (err error) {
	switch {
	case p.Name == "" || p.Name == "none" || p.Name == "generic" || strings.ContainsAny(p.Name, " /@"):
		return fmt.Errorf("name: %q is no name of a profile", p.Name)
	case p.Version < 1:
		return errors.New("version: want a number from 1")
	case len(p.Pages) == 0:
		return errors.New("pages: want at least one")
	case len(p.Detect.Hosts) == 0 && len(p.Detect.Signature) == 0:
		return errors.New("detect: want hosts or a signature")
	}
	if p.ignore, err = selectors("ignore", p.Ignore); err != nil {
		return err
	}
	if p.Detect.signature, err = selectors("detect.signature", p.Detect.Signature); err != nil {
		return err
	}
	if err := p.Clock.compile("clock"); err != nil {
		return err
	}
	for i := range p.Pages {
		if err := p.Pages[i].compile(); err != nil {
			return fmt.Errorf("pages[%d].%w", i, err)
		}
	}
	return nil
}

func (l *layout) compile() (err error) {
	if !slices.Contains(kinds, l.Kind) {
		return fmt.Errorf("kind: %q is none of %v", l.Kind, kinds)
	}
	if l.Path == "" && len(l.When) == 0 {
		return errors.New("path: want a path, or selectors in when")
	}
	if l.Path != "" {
		if l.path, err = regexp.Compile(l.Path); err != nil {
			return fmt.Errorf("path: %w", err)
		}
	}
	if l.when, err = selectors("when", l.When); err != nil {
		return err
	}
	if err := l.Title.compile("title"); err != nil {
		return err
	}
	if l.Kind == tamga.PageListing && l.Listing == nil {
		return errors.New("listing: a page of kind listing has one")
	}
	if l.Kind == tamga.PageVendor && l.Vendor == nil {
		return errors.New("vendor: a page of kind vendor has one")
	}
	for name, o := range map[string]*offer{"listing": l.Listing, "cards": l.Cards} {
		if o == nil {
			continue
		}
		if o.element, err = selector(name+".element", o.Element); err != nil {
			return err
		}
		if len(o.Title.Select) == 0 {
			return fmt.Errorf("%s.title: want a field", name)
		}
		for key, f := range map[string]*field{"title": &o.Title, "url": &o.URL, "vendor": &o.Vendor, "price": &o.Price, "currency": &o.Currency, "quantity": &o.Quantity,
			"from": &o.From, "to": &o.To, "section": &o.Section, "description": &o.Description} {
			if err := f.compile(name + "." + key); err != nil {
				return err
			}
		}
	}
	if l.Reviews != nil {
		if err := l.Reviews.compile(); err != nil {
			return err
		}
	}
	if l.Posts != nil {
		if err := l.Posts.compile(); err != nil {
			return err
		}
	}
	if v := l.Vendor; v != nil {
		if v.element, err = selector("vendor.element", v.Element); err != nil {
			return err
		}
		for key, f := range map[string]*field{"name": &v.Name, "url": &v.URL, "rating": &v.Rating, "deals": &v.Deals, "bio": &v.Bio,
			"since": &v.Since, "last_seen": &v.Seen} {
			if err := f.compile("vendor." + key); err != nil {
				return err
			}
		}
	}
	return nil
}

func selector(key, s string) (goquery.Matcher, error) {
	sel, err := cascadia.Compile(s)
	if err != nil {
		return nil, fmt.Errorf("%s: selector %q: %w", key, s, err)
	}
	return sel, nil
}

func selectors(key string, list []string) ([]goquery.Matcher, error) {
	var out []goquery.Matcher
	for _, s := range list {
		sel, err := selector(key, s)
		if err != nil {
			return nil, err
		}
		out = append(out, sel)
	}
	return out, nil
}
