package main

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// maxLine is the longest line of a list, in bytes.
const maxLine = 1 << 20

var (
	heading = regexp.MustCompile(`(?i)^\W*(schedule|table)\s+(IV|III|II|I)\b\W*$`)
	number  = regexp.MustCompile(`\b[0-9]{2,7}-[0-9]{2}-[0-9]\b`)
	bullet  = regexp.MustCompile(`^\s*(?:[•*–-]\s+|[0-9]{1,3}[.)]\s+|(?:P|N|I)[A-Z] [0-9]{3}\s+)`) // 12., *, the codes of the INCB
)

// columnNames are the headings of the columns that are read.
var columnNames = map[string][]string{
	"name": {"name", "substance", "inn", "international non-proprietary name", "наименование", "название"},
	"cas":  {"cas", "cas number", "cas no.", "cas registry number"}, "schedule": {"schedule", "table"}, "year": {"year"},
	"small": {"small", "небольшой"}, "large": {"large", "крупный"}, "very large": {"very large", "very_large", "особо крупный"},
}

// readScheduled reads a list as CSV or TSV with a line of headings, or as text:
// a name a line, under lines that name the schedule or table.
func readScheduled(r io.Reader, convention string) ([]record, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	head, err := in.ReadString('\n')
	if err != nil && err != io.EOF {
		return nil, err
	}
	for _, comma := range []rune{'\t', ';', ','} {
		if cells := strings.Split(strings.TrimPrefix(strings.TrimSpace(head), "\ufeff"), string(comma)); len(cells) > 1 && column(cells, "name") >= 0 {
			return readCells(io.MultiReader(strings.NewReader(head), in), comma, convention)
		}
	}
	return readLines(io.MultiReader(strings.NewReader(head), in), convention)
}

// column is the index of a column, -1 for none.
func column(cells []string, what string) int {
	for i, c := range cells {
		c = strings.ToLower(strings.Trim(c, " \"\ufeff\r"))
		for _, n := range columnNames[what] {
			if c == n {
				return i
			}
		}
	}
	return -1
}

func readCells(r io.Reader, comma rune, convention string) ([]record, error) {
	c := csv.NewReader(r)
	c.Comma, c.FieldsPerRecord, c.LazyQuotes = comma, -1, true
	head, err := c.Read()
	if err != nil {
		return nil, err
	}
	at := map[string]int{}
	for what := range columnNames {
		at[what] = column(head, what)
	}
	var out []record
	for {
		row, err := c.Read()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		cell := func(what string) string {
			if i := at[what]; i >= 0 && i < len(row) {
				return clean(row[i])
			}
			return ""
		}
		line, _ := c.FieldPos(0)
		rec := record{line: line, name: cell("name"), cas: cell("cas"), convention: convention, schedule: place(cell("schedule"), convention), year: cell("year")}
		if at["small"] >= 0 || at["large"] >= 0 {
			rec.amounts = []string{cell("small"), cell("large"), cell("very large")}
		}
		if rec.name != "" {
			out = append(out, rec)
		}
	}
}

func readLines(r io.Reader, convention string) ([]record, error) {
	s := bufio.NewScanner(r)
	s.Buffer(nil, maxLine)
	var out []record
	schedule := ""
	for n := 1; s.Scan(); n++ {
		text := clean(s.Text())
		if m := heading.FindStringSubmatch(text); m != nil {
			schedule = place(m[2], convention)
			continue
		}
		rec := record{line: n, convention: convention, schedule: schedule, cas: number.FindString(text)}
		rec.name = clean(strings.Trim(strings.Replace(bullet.ReplaceAllString(text, ""), rec.cas, "", 1), " ,;\t()"))
		if rec.name != "" && schedule != "" { // what stands before the first heading is no entry
			out = append(out, rec)
		}
	}
	if err := s.Err(); err != nil {
		return nil, fmt.Errorf("line %d: %w", len(out)+1, err)
	}
	return out, nil
}

// place is a schedule as the tables write it: II, or Table II for 1988.
func place(s, convention string) string {
	s = strings.ToUpper(s)
	for _, word := range []string{"SCHEDULE", "TABLE"} {
		s = strings.ReplaceAll(s, word, "")
	}
	s = strings.NewReplacer(" ", "", "AND", "+", "&", "+").Replace(s)
	if s != "" && convention == "1988" {
		return "Table " + s
	}
	return s
}

// clean makes one line of a cell; the tables know no tabs and no semicolons.
func clean(s string) string {
	s = strings.ToValidUTF8(s, "")
	return strings.Join(strings.Fields(strings.NewReplacer(";", " ", "\ufeff", "", "\u00a0", " ").Replace(s)), " ")
}
