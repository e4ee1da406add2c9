package pipeline

import (
	"tamga"
	"tamga/extract"
)

// Kind is what kind of page a decoded one is; the crawler asks it about what may be a
// wall. A page that cannot be read is of no kind.
func (p *Pipeline) Kind(url, page string) tamga.PageKind {
	read, err := p.Reader.Page(extract.Input{URL: url, ContentType: "text/html; charset=utf-8", Body: []byte(page)})
	if err != nil {
		return ""
	}
	return read.Kind
}
