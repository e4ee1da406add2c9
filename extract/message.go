package extract

import (
	"mime"
	"strings"

	"tamga"
)

// Media types of imported messages, each a capture of its own (internal/importer).
// Parameters say what the message itself does not: its chat or channel.
const (
	typeManifest = "application/vnd.tamga.import+json"
	typeTelegram = "application/vnd.tamga.telegram-message+json"
	typeDiscord  = "application/vnd.tamga.discord-message+json"
	typeMail     = "message/rfc822"
)

// message reads an imported message; nil where in is none.
func (r *Reader) message(in Input, source string) *tamga.Page {
	if !strings.HasPrefix(in.ContentType, "application/vnd.tamga.") && !strings.HasPrefix(in.ContentType, typeMail) {
		return nil
	}
	name, params, err := mime.ParseMediaType(in.ContentType)
	if err != nil {
		return nil
	}
	switch name {
	case typeManifest: // of a file: its hashes are no findings
		return &tamga.Page{Kind: tamga.PageOther, Source: source, Reader: "import@1", Text: (&view{}).text()}
	case typeTelegram:
		return r.jsonMessage(in.URL, source, "telegram-export@2", params, (*jsonMessage).telegram)
	case typeDiscord:
		return r.jsonMessage(in.URL, source, "discord-export@2", params, (*jsonMessage).discord)
	case typeMail:
		return r.mail(in.Body)
	}
	return nil
}

// said reads the findings of a text, and those identifiers of attrs that people
// follow, into a page.
func (r *Reader) said(page *tamga.Page, text view, attrs []view) *document {
	d := &document{reader: r, page: page, markup: &markup{source: page.Source, text: text, attrs: attrs}}
	page.Text, page.Language = text.text(), pageLanguage("", text.body)
	d.findings()
	return d
}
