package extract

import (
	"regexp"
	"strings"

	"golang.org/x/net/html"

	"tamga"
)

var (
	fromLabel = regexp.MustCompile(`(?i)^(?:(?:ships?|shipped|shipping|sends?|sent|delivery|dispatche[sd])\s+from|origin(?:\s+country)?|country\s+of\s+origin|from|location|откуда|отправка\s+из|страна|город|жіберіледі)\s*:?$`)
	toLabel   = regexp.MustCompile(`(?i)^(?:(?:ships?|shipped|shipping|sends?|sent|delivery|delivers)\s+to|destinations?(?:\s+country|\s+countries)?|to|куда|доставка(?:\s+в)?)\s*:?$`)
)

// labelled takes the route of an offer from its pairs of label and value, where
// the recognisers of the running text found none: table cells, definition lists.
func (d *document) labelled(x *tamga.Listing, parts []part) {
	for i := 0; i+1 < len(parts); i++ {
		label, value := parts[i].text, parts[i+1].text
		if len(label) > 32 || len(value) > 200 {
			continue
		}
		d.route(x, label, value)
	}
}

// route reads one pair of label and value.
func (d *document) route(x *tamga.Listing, label, value string) {
	if x.From == nil && d.memo.says(fromLabel, label) {
		if in, _ := d.reader.lexicon.countries(value); in != nil {
			x.From, x.FromText = in, value
		}
	}
	if x.To == nil && d.memo.says(toLabel, label) {
		if in, _ := d.reader.lexicon.countries(value); in != nil {
			x.To, x.ToText = in, value
		}
	}
}

// columned takes what is still unknown of a table row from the columns that the
// head of its table names.
func (d *document) columned(x *tamga.Listing, row *html.Node) {
	if row.Data != "tr" || x.Vendor != "" && x.From != nil && x.To != nil {
		return
	}
	head := d.header(row)
	if head == nil {
		return
	}
	body := cellsOf(row)
	if len(body) != len(head) {
		return
	}
	for i, label := range head {
		value := line(text(body[i]))
		if len(value) > 200 || value == "" {
			continue
		}
		d.route(x, label, value)
		if name := d.vendorName(value); x.Vendor == "" && len(label) < 24 && (d.memo.says(sellerLabel, label) || d.memo.says(foreignLabel, label)) && d.properName(name) {
			x.Vendor = name
		}
	}
}

// header are the texts of the head of a row's table, one a column: its first row
// of th; nil where there is none. A page asks again and again for the same table.
func (d *document) header(row *html.Node) []string {
	table := row.Parent
	for table != nil && table.Data != "table" {
		table = table.Parent
	}
	if table == nil {
		return nil
	}
	first := firstRow(table)
	if first == row {
		return nil
	}
	if h, known := d.heads[table]; known {
		return h
	}
	var out []string
	if first != nil {
		for _, c := range cellsOf(first) {
			t := text(c)
			if len(t) > 32 || attr(c, "colspan") != "" {
				out = nil
				break
			}
			out = append(out, strings.TrimSpace(t))
		}
	}
	if d.heads == nil {
		d.heads = map[*html.Node][]string{}
	}
	d.heads[table] = out
	return out
}

func firstRow(table *html.Node) *html.Node {
	for c := table.FirstChild; c != nil; c = c.NextSibling {
		switch c.Data {
		case "tr":
			return c
		case "thead", "tbody":
			if r := firstRow(c); r != nil {
				return r
			}
		}
	}
	return nil
}

func cellsOf(row *html.Node) (out []*html.Node) {
	for c := row.FirstChild; c != nil; c = c.NextSibling {
		if c.Type == html.ElementNode && cells[c.Data] {
			out = append(out, c)
		}
	}
	return out
}

// arrow parts the ends of a route written as a sign: "DE → WW", "EU -> EU".
var arrow = regexp.MustCompile(`^(.{2,60}?)\s*(?:→|➔|➜|➝|⇒|->|=>|»|›)\s*(.{2,60})$`)

// arrows reads a route that a sign between two places tells.
func (d *document) arrows(x *tamga.Listing, parts []part) {
	if x.From != nil && x.To != nil {
		return
	}
	for _, p := range parts {
		if len(p.text) > 120 || !strings.ContainsAny(p.text, "→➔➜➝⇒>»›") {
			continue
		}
		m := arrow.FindStringSubmatch(p.text)
		if m == nil {
			continue
		}
		from, _ := d.reader.lexicon.countries(m[1])
		to, _ := d.reader.lexicon.countries(m[2])
		if from == nil || to == nil {
			continue
		}
		if x.From == nil {
			x.From, x.FromText = from, m[1]
		}
		if x.To == nil {
			x.To, x.ToText = to, m[2]
		}
		return
	}
}
