package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	text = "List of substances\n\nSchedule II\n  1. Mephedrone 1189805-46-6\n• Zzplasmone, 7732-18-5\nSchedule IV\nPS 005 Diazepam\n- Bromazepam 1812-30-3\n"
	csvs = "Name,CAS number,Schedule\nMephedrone,1189805-46-6,Schedule I\n\"Zzplasmone, liquid\",,II\n"
	// As the query service of Wikidata answers.
	sparql = `{"head":{"vars":["item","itemLabel","cas"]},"results":{"bindings":[
{"item":{"type":"uri","value":"http://www.wikidata.org/entity/Q1"},"itemLabel":{"xml:lang":"en","type":"literal","value":"mephedrone"},"cas":{"type":"literal","value":"1189805-46-6"}},
{"item":{"type":"uri","value":"http://www.wikidata.org/entity/Q1"},"itemLabel":{"xml:lang":"kk","type":"literal","value":"Мефедронзз"},"cas":{"type":"literal","value":"1189805-46-6"}},
{"item":{"type":"uri","value":"http://www.wikidata.org/entity/Q2"},"itemLabel":{"xml:lang":"ru","type":"literal","value":"героин"},"cas":{"type":"literal","value":"437-38-7"}}]}}`
	// As Special:EntityData and the dumps have it.
	item = `{"type":"item","id":"Q3","labels":{"en":{"language":"en","value":"Bromazolam"},"uz":{"language":"uz","value":"Бромазоламзз"},"xx":{"language":"xx","value":"no"}},
"aliases":{"en":[{"language":"en","value":"XLI-268"}]},
"claims":{"P231":[{"mainsnak":{"snaktype":"value","property":"P231","datavalue":{"value":"71368-80-4","type":"string"}},"rank":"normal"}],"P31":[{"mainsnak":{"snaktype":"value","datavalue":{"value":{"id":"Q11173"},"type":"wikibase-entityid"}}}]}}`
)

// lexicon runs the command on a file over a copy of the tables.
func lexicon(t *testing.T, body string, argv ...string) (string, string) {
	t.Helper()
	dir := t.TempDir()
	for _, f := range files {
		data, err := os.ReadFile(filepath.Join("../../extract/lexicon", f))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, f), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(dir, "list")
	if err := os.WriteFile(file, []byte(body), 0o644); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	argv = append(argv, "-dir", dir, "-write", file)
	if err := run(argv, &out); err != nil {
		t.Fatal(err)
	}
	return out.String(), dir
}

func TestImport(t *testing.T) {
	for name, c := range map[string]struct {
		body       string
		argv       []string
		want, none []string
	}{
		"text": {text, []string{"scheduled", "-convention", "1971"},
			[]string{"+ substances.tsv\tzzplasmone\tother-drug\t7732-18-5\n", "+ schedules.tsv\tzzplasmone\tZzplasmone\t1971\tII\t\tincb\n", "+ names.tsv\tzzplasmone\ten\tstrong\tdraft\tzzplasmone\n", `Bromazepam: CAS "1812-30-3" fails`},
			[]string{"mephedrone", "diazepam", "List of"}},
		"csv": {csvs, []string{"scheduled", "-convention", "1971"},
			[]string{"! record 2, Mephedrone: schedule I of 1971, the table has II\n", "Zzplasmone, liquid\t1971\tII"}, nil},
		"tables of 1988": {"Substance\tTable\nAcetone\tTable II\nSafrole\tTable II\n", []string{"scheduled", "-convention", "1988"},
			[]string{"Safrole: schedule Table II of 1988, the table has Table I"}, []string{"cetone"}},
		"sparql": {sparql, []string{"wikidata"},
			[]string{"+ names.tsv\tmephedrone\tkk\tstrong\tdraft\tмефедронзз\n", `the name "героин" is that of heroin`}, []string{"schedules", "substances.tsv"}},
		"entity": {item, []string{"wikidata"},
			[]string{"+ names.tsv\tbromazolam\tuz-Cyrl\tstrong\tdraft\tбромазоламзз\n", "xli-268"}, []string{"!", "\txx\t"}},
		"entities": {`{"entities":{"Q3":` + item + `}}`, []string{"wikidata"}, []string{"бромазоламзз"}, nil},
		"dump":     {"[\n" + item + ",\n" + item + "\n]", []string{"wikidata"}, []string{"бромазоламзз"}, nil},
		"national": {"name,small,large,very large\nмефедрон,0.1,0.5,50\n", []string{"national", "-country", "KZ", "-source", "a law"},
			[]string{"+ national.tsv\tmephedrone\tKZ\t0.1\t0.5\t50\ta law\n"}, nil},
	} {
		got, dir := lexicon(t, c.body, c.argv...)
		for _, w := range c.want {
			if !strings.Contains(got, w) {
				t.Errorf("%s: no %q in\n%s", name, w, got)
			}
		}
		for _, w := range c.none {
			if strings.Contains(got, w) {
				t.Errorf("%s: %q in\n%s", name, w, got)
			}
		}
		for line := range strings.Lines(got) {
			file, row, ok := strings.Cut(strings.TrimPrefix(line, "+ "), "\t")
			if !ok || !strings.HasSuffix(file, ".tsv") {
				continue
			}
			data, err := os.ReadFile(filepath.Join(dir, file))
			if err != nil || !strings.HasSuffix(string(data), "\n"+row) && !strings.Contains(string(data), "\n"+row) {
				t.Errorf("%s: %q was not written to %s", name, row, file)
			}
		}
	}
}

func TestImportRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(file, []byte(`{"results":{}}`), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, argv := range [][]string{{}, {"nothing", file}, {"scheduled", file}, {"wikidata", file}, {"wikidata"}, {"national", file}, {"wikidata", file + "absent"}} {
		if err := run(argv, new(bytes.Buffer)); err == nil {
			t.Errorf("%q is accepted", argv)
		}
	}
}

func FuzzLists(f *testing.F) {
	for _, s := range []string{text, csvs, sparql, item, "name\t\xff", "\"", "[{}]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, rec := range must(readScheduled(strings.NewReader(s), "1971")) {
			if strings.ContainsAny(rec.name, "\t\n;") {
				t.Errorf("name %q", rec.name)
			}
		}
		for _, rec := range must(readWikidata(strings.NewReader(s))) {
			if strings.ContainsAny(rec.name+rec.cas, "\t\n;") {
				t.Errorf("%+v", rec)
			}
		}
	})
}

// must drops the error: a broken list may be refused.
func must(recs []record, _ error) []record { return recs }
