package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tamga/extract"
)

// merge gathers what records add to the tables and where they contradict them.
type merge struct {
	reader    *extract.Reader
	source    string
	country   string
	byCAS     map[string]string // id of a CAS number
	owner     map[string]string // id of a name
	rows      map[string][]string
	cas       map[string]string // numbers to fill in, by id
	conflicts []string
}

func newMerge(r *extract.Reader) *merge {
	m := &merge{reader: r, byCAS: map[string]string{}, owner: map[string]string{}, rows: map[string][]string{}, cas: map[string]string{}}
	for _, s := range r.Substances() {
		if s.CAS != "" {
			m.byCAS[s.CAS] = s.ID
		}
		for _, n := range s.Names {
			m.owner[n.Name] = s.ID
		}
	}
	return m
}

func (m *merge) conflict(rec record, format string, v ...any) {
	m.conflicts = append(m.conflicts, fmt.Sprintf("record %d, %s: ", rec.line, rec.name)+fmt.Sprintf(format, v...))
}

// add reads a record against the tables. A name decides which substance is
// meant, then a CAS number.
func (m *merge) add(rec record) {
	if rec.cas != "" && !extract.ValidCAS(rec.cas) {
		m.conflict(rec, "CAS %q fails its check digit", rec.cas)
		rec.cas = ""
	}
	s, known := m.reader.Substance(rec.name)
	if !known || rec.name == "" {
		if id := m.byCAS[rec.cas]; id != "" {
			s, known = m.reader.Substance(id)
		}
	}
	if !known {
		if rec.name == "" || rec.schedule == "" {
			m.conflict(rec, "not in the table")
			return
		}
		class := map[string]string{"1961": "opioids", "1988": "precursors"}[rec.convention]
		if class == "" {
			class = "other-drug"
		}
		s = extract.Substance{ID: strings.ReplaceAll(strings.ToLower(rec.name), " ", "_"), Class: class, CAS: rec.cas}
		m.row("substances.tsv", s.ID, s.Class, s.CAS)
		rec.names = append(rec.names, label{"en", rec.name})
	}
	switch {
	case rec.cas == "" || rec.cas == s.CAS:
	case m.byCAS[rec.cas] != "":
		m.conflict(rec, "CAS %s is that of %s", rec.cas, m.byCAS[rec.cas])
	case s.CAS != "":
		m.conflict(rec, "CAS %s, the table has %s", rec.cas, s.CAS)
	default:
		m.cas[s.ID], m.byCAS[rec.cas] = rec.cas, s.ID
	}
	m.control(rec, s)
	for _, n := range rec.names {
		m.name(rec, s.ID, n)
	}
	if m.country != "" && len(rec.amounts) > 0 {
		m.row("national.tsv", append(append([]string{s.ID, m.country}, rec.amounts...), m.source)...)
	}
}

// control compares the schedule with those of the table under one convention.
func (m *merge) control(rec record, s extract.Substance) {
	if rec.schedule == "" || rec.convention == "" {
		return
	}
	for _, c := range s.Schedules {
		if c.Convention != rec.convention {
			continue
		}
		// Schedule IV of 1961 repeats some drugs of schedule I.
		if c.Schedule != rec.schedule && !slices.Contains(strings.Split(c.Schedule, "+"), rec.schedule) {
			m.conflict(rec, "schedule %s of %s, the table has %s", rec.schedule, rec.convention, c.Schedule)
		}
		return
	}
	m.row("schedules.tsv", s.ID, rec.name, rec.convention, rec.schedule, rec.year, m.source)
}

// name adds a name as a draft, strong: an importer cannot know an everyday word,
// so a person reads the row before it is kept.
func (m *merge) name(rec record, id string, n label) {
	low := strings.ToLower(n.name)
	switch owner := m.owner[low]; {
	case owner == "":
		m.owner[low] = id
		m.row("names.tsv", id, n.language, "strong", "draft", low)
	case owner != id:
		m.conflict(rec, "the name %q is that of %s", n.name, owner)
	}
}

func (m *merge) row(file string, cells ...string) {
	line := strings.TrimRight(strings.Join(cells, "\t"), "\t")
	if !slices.Contains(m.rows[file], line) {
		m.rows[file] = append(m.rows[file], line)
	}
}

var files = []string{"substances.tsv", "names.tsv", "schedules.tsv", "national.tsv"}

func (m *merge) report(out io.Writer) {
	for _, file := range files {
		for _, line := range m.rows[file] {
			fmt.Fprintf(out, "+ %s\t%s\n", file, line)
		}
	}
	var ids []string
	for id := range m.cas {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		fmt.Fprintf(out, "+ CAS\t%s\t%s\n", id, m.cas[id])
	}
	for _, c := range m.conflicts {
		fmt.Fprintln(out, "! "+c)
	}
}

// write appends the rows to the tables and fills the CAS numbers in.
func (m *merge) write(dir string) error {
	for _, file := range files {
		path := filepath.Join(dir, file)
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		lines := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
		if file == "substances.tsv" {
			for i, line := range lines {
				if cells := strings.Split(line, "\t"); m.cas[cells[0]] != "" && len(cells) == 2 {
					lines[i] += "\t" + m.cas[cells[0]]
				}
			}
		}
		lines = append(lines, m.rows[file]...)
		if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
			return err
		}
	}
	return nil
}
