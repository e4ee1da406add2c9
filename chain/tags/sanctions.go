package tags

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"tamga"
)

// List is a sanctions list: addresses that an authority named, as of a date.
type List struct {
	Name   string // "OFAC SDN"
	Source string // where it can be checked
	Date   string // of the list, YYYY-MM-DD
	Asset  string // of addresses whose line names none
}

// OldList is the age from which a list misses enough to be warned of: OFAC changes
// its own about weekly.
const OldList = 30 * 24 * time.Hour

// Age is how old a list is.
func (l List) Age(now time.Time) time.Duration {
	t, err := time.Parse(time.DateOnly, l.Date)
	if err != nil {
		return 0
	}
	return now.Sub(t)
}

// AssetOfFile is the asset that a file's name ends with ("…_XBT.txt"), or "".
func AssetOfFile(name string) string {
	base := strings.TrimSuffix(path.Base(name), path.Ext(name))
	if asset := base[strings.LastIndexByte(base, '_')+1:]; ledgers[asset] != "" || tokens[asset] || asset == "BSV" || asset == "BTG" || asset == "XVG" {
		return asset
	}
	return ""
}

// sanctioned is an address of a list as its line says it.
type sanctioned struct {
	line                       int
	address, asset, date, name string
}

// digital introduces an address in the remarks of OFAC's own files, as in "Digital
// Currency Address - XBT 1…;".
const digital = "Digital Currency Address - "

// ReadList reads the addresses of a list as tags: OFAC's lists in XML (SDN.XML and
// SDN_ADVANCED.XML, which name their date) or in text and CSV, whose remarks name
// the addresses; lines of text (one address each), CSV with a heading, or JSON (an
// array of addresses or of objects). CSV columns and JSON fields are address,
// asset or currency, date or listed, name or entity. A line that is none is an
// error with its number.
func ReadList(in io.Reader, l List) ([]tamga.Tag, []Problem, error) {
	if l.Name == "" || l.Source == "" {
		return nil, nil, errors.New("a sanctions list has a name and a source")
	}
	var r report
	var rows []sanctioned
	buffered := bufio.NewReaderSize(in, 1<<16)
	if isXML(buffered) {
		var named string
		rows, named = r.xmlRows(buffered)
		if l.Date == "" {
			l.Date = named
		} else if named != "" && named != l.Date && r.err() == nil {
			r.warn(1, "the list says that it is of %s, not of %s", named, l.Date)
		}
	} else {
		b, err := readAll(buffered)
		if err != nil {
			return nil, nil, err
		}
		rows = r.listRows(b)
	}
	if err := r.err(); err != nil {
		return nil, nil, err
	}
	day, ok := parseDay(l.Date)
	if !ok {
		return nil, nil, fmt.Errorf("a sanctions list has a date, YYYY-MM-DD; %q is none", l.Date)
	}
	var out []tamga.Tag
	seen := map[[2]string]bool{}
	for _, row := range rows {
		t := tamga.Tag{
			Address: row.address, Asset: row.asset, Label: l.Name, Category: "", Abuse: "sanction", Concepts: []string{"sanction"},
			Source: l.Source, Confidence: ConfidenceAuthority, Date: day,
		}
		if t.Asset == "" {
			t.Asset = l.Asset
		}
		if row.name != "" {
			t.Label = l.Name + ": " + row.name
		}
		if row.date != "" {
			if t.Date, ok = parseDay(row.date); !ok {
				r.fail(row.line, "%s is no date", short(row.date))
			}
		}
		if t.Asset == "" || t.Address == "" || len(t.Address) > 200 || strings.ContainsAny(t.Address, " \t") {
			r.fail(row.line, "%s: want an address and its asset", short(t.Address))
		} else if doubt := place(&t, ""); doubt != "" {
			r.warn(row.line, "%s: %s", short(t.Address), doubt)
		}
		if key := [2]string{t.Address, t.Asset}; !seen[key] {
			seen[key] = true
			out = append(out, t)
		}
		if len(r.errs) >= maxProblems {
			break
		}
	}
	if err := r.err(); err != nil {
		return nil, nil, err
	}
	if len(out) == 0 {
		return nil, nil, errors.New("no address in it")
	}
	return out, r.warnings, nil
}

// isXML looks at the beginning of a file.
func isXML(in *bufio.Reader) bool {
	head, _ := in.Peek(512) // short input is fine
	return bytes.HasPrefix(bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\ufeff")), " \t\r\n"), []byte("<"))
}

func (r *report) listRows(b []byte) []sanctioned {
	trimmed := bytes.TrimSpace(b)
	first, _, _ := bytes.Cut(trimmed, []byte("\n"))
	switch {
	case bytes.Contains(trimmed, []byte(digital)):
		return remarks(string(b))
	case bytes.HasPrefix(trimmed, []byte("[")):
		return r.jsonRows(trimmed)
	case slices.Contains(columnsOf(string(first)), "address"):
		return r.csvRows(trimmed)
	}
	var out []sanctioned
	for i, line := range strings.Split(string(b), "\n") {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			out = append(out, sanctioned{line: i + 1, address: line})
		}
	}
	return out
}

// remarks finds the addresses that OFAC's files name in running text.
func remarks(s string) (out []sanctioned) {
	line := 1
	for {
		i := strings.Index(s, digital)
		if i < 0 {
			return out
		}
		line += strings.Count(s[:i], "\n")
		s = s[i+len(digital):]
		end := strings.IndexAny(s, ";,\"\n")
		if end < 0 {
			end = len(s)
		}
		if f := strings.Fields(s[:end]); len(f) >= 2 {
			out = append(out, sanctioned{line: line, asset: f[0], address: strings.TrimRight(f[1], ".")})
		}
	}
}

func columnsOf(line string) []string {
	f := strings.Split(strings.ToLower(strings.TrimSpace(line)), ",")
	for i := range f {
		f[i] = strings.Trim(f[i], " \"\ufeff")
	}
	return f
}

func (r *report) csvRows(b []byte) (out []sanctioned) {
	c := csv.NewReader(bytes.NewReader(b))
	c.TrimLeadingSpace = true
	var head []string
	for {
		rec, err := c.Read()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			var p *csv.ParseError
			if errors.As(err, &p) {
				r.fail(p.Line, "%v", p.Err)
			} else {
				r.fail(1, "%v", err)
			}
			return nil
		}
		if head == nil {
			head = columnsOf(strings.Join(rec, ","))
			continue
		}
		line, _ := c.FieldPos(0)
		row := sanctioned{line: line}
		for i, v := range rec {
			row.set(head[i], v)
		}
		out = append(out, row)
	}
}

// set takes the value of a column or field.
func (s *sanctioned) set(column, v string) {
	v = strings.TrimSpace(v)
	switch column {
	case "address":
		s.address = v
	case "asset", "currency":
		s.asset = v
	case "date", "listed":
		s.date = v
	case "name", "entity":
		s.name = v
	}
}

func (r *report) jsonRows(b []byte) (out []sanctioned) {
	d := json.NewDecoder(bytes.NewReader(b))
	line, at := 1, int64(0)
	where := func() int {
		line += bytes.Count(b[at:d.InputOffset()], []byte("\n"))
		at = d.InputOffset()
		return line
	}
	if _, err := d.Token(); err != nil {
		r.fail(1, "%v", err)
		return nil
	}
	for d.More() {
		var v any
		if err := d.Decode(&v); err != nil {
			r.fail(where(), "%v", err)
			return nil
		}
		row := sanctioned{line: where()}
		switch v := v.(type) {
		case string:
			row.address = v
		case map[string]any:
			for k, x := range v {
				if s, ok := x.(string); ok {
					row.set(strings.ToLower(k), s)
				}
			}
		}
		out = append(out, row)
	}
	if _, err := d.Token(); err != nil {
		r.fail(where(), "%v", err)
	}
	return out
}
