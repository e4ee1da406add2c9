package tags

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"tamga"
)

// graphSense is GraphSense's own program (graphsense-lib[tagpacks] on PyPI, 2.18.1),
// where it is installed: in .deps/graphsense, or on the path. It brings 130 packages
// and 400 MB, so it is no part of what tests need.
func graphSense(t *testing.T) string {
	t.Helper()
	local, err := filepath.Abs("../../.deps/graphsense/bin/graphsense-cli")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{os.Getenv("GRAPHSENSE_CLI"), local, "graphsense-cli"} {
		if bin, err := exec.LookPath(name); err == nil && name != "" {
			return bin
		}
	}
	t.Skip("graphsense-cli not run: it is not installed")
	return ""
}

// everyShape are tags of each kind that is written.
func everyShape() []tamga.Tag {
	all := []tamga.Tag{
		{Address: "1BoatSLRHtKNngkdXEeobR76b53LETtpyT", Chain: "bitcoin", Asset: "BTC", Label: "Demo: \"quoted\" #1", Category: "exchange", Actor: "demo-exchange", Source: "https://demo.example", Confidence: 100, Date: "2024-02-03", ClusterDefiner: true, Context: `{"a":1}`},
		{Address: "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", Chain: "ethereum", Asset: "USDT", Label: "yes", Source: "https://demo.example", Confidence: 63, Concepts: []string{"hot_wallet"}},
		{Address: "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", Chain: "ethereum", Asset: "ETH", Label: "yes", Source: "https://demo.example", Confidence: 63},
		{TxID: strings.Repeat("ab", 32), Chain: "bitcoin", Asset: "BTC", Label: "2024-01-01", Abuse: "ransomware", Source: "0123", Confidence: 5, Type: "event"},
		{Address: "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", Chain: "bitcoin", Label: "vendor demo", Category: "vendor", Source: "sha256:00#1-2", Confidence: 20, Span: &tamga.Span{Start: 1, End: 2}, Concepts: []string{"dark_market", "drugs"}},
	}
	for i, l := range levels {
		t := all[0]
		t.Label, t.Confidence, t.Actor = l.id, l.value, ""
		t.ClusterDefiner = i%2 == 0
		all = append(all, t)
	}
	for id := range concepts {
		t := all[0]
		t.Label, t.Category, t.Actor = "of category "+id, id, ""
		all = append(all, t)
	}
	return all
}

var demoActors = []Actor{
	{ID: "demo-exchange", Label: "Demo Exchange", URI: "https://demo.example", Categories: []string{"exchange", "crypto_atm"}, Jurisdictions: []string{"KZ"}, LegalName: "Demo LLP", Aliases: []string{"demo"}},
	{ID: "plain", Label: "Plain", URI: "https://plain.example", Date: "2025-05-05"},
}

// TestGraphSenseAccepts has GraphSense's own validator read what is written, and
// refuse what is not right, so that its yes means something.
func TestGraphSenseAccepts(t *testing.T) {
	bin, dir := graphSense(t), t.TempDir()
	write := func(name string, f func(*bytes.Buffer) (int, error)) string {
		t.Helper()
		var b bytes.Buffer
		if left, err := f(&b); err != nil || left > 0 {
			t.Fatalf("%s: left %d, %v", name, left, err)
		}
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	pack := write("pack.yaml", func(b *bytes.Buffer) (int, error) { return Write(b, "Demo", "Demo unit", everyShape()) })
	actors := write("actors.yaml", func(b *bytes.Buffer) (int, error) {
		return WriteActors(b, "Demo actors", "Demo unit", "2026-01-01", demoActors)
	})
	run := func(args ...string) (string, error) {
		out, err := exec.Command(bin, append([]string{"tagpack-tool"}, args...)...).CombinedOutput()
		return string(out), err
	}
	if out, err := run("actorpack", "validate", actors); err != nil {
		t.Errorf("actor pack: %v\n%s", err, out)
	}
	out, err := run("tagpack", "validate", "--actorpack-path", actors, pack)
	if err != nil || !strings.Contains(out, "1/1 TagPacks passed") || strings.Contains(out, "invalid address") {
		t.Errorf("TagPack: %v\n%s", err, out)
	}
	text, err := os.ReadFile(pack)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(pack, bytes.Replace(text, []byte("confidence: web_crawl"), []byte("confidence: verysure"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := run("tagpack", "validate", "--actorpack-path", actors, pack); err == nil {
		t.Errorf("a wrong TagPack was accepted:\n%s", out)
	}
}

// TestSchema holds what is written against the fields that GraphSense's schemas
// name (tagpack_schema.yaml and actorpack_schema.yaml of graphsense-lib 2.18.1).
func TestSchema(t *testing.T) {
	var b bytes.Buffer
	if _, err := Write(&b, "Demo", "Demo unit", everyShape()); err != nil {
		t.Fatal(err)
	}
	conforms(t, b.Bytes(), "tags", []string{"label", "source", "currency", "network", "confidence"},
		[]string{"context", "is_cluster_definer", "lastmod", "category", "abuse", "address", "tx_hash", "actor", "concepts", "tag_type"})
	b.Reset()
	if _, err := WriteActors(&b, "Demo", "Demo unit", "2026-01-01", demoActors); err != nil {
		t.Fatal(err)
	}
	conforms(t, b.Bytes(), "actors", []string{"id", "uri", "label", "lastmod", "categories"}, []string{"jurisdictions", "context", "aliases"})
	var left []Actor
	if n, err := WriteActors(&b, "Demo", "Demo unit", "2026-01-01", append(left, Actor{ID: "x", Label: "x"})); n != 1 || err != nil {
		t.Errorf("an actor without a URI: left %d, %v", n, err)
	}
}

func conforms(t *testing.T, text []byte, list string, mandatory, optional []string) {
	t.Helper()
	var doc map[string]any
	if err := yaml.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	items, _ := doc[list].([]any)
	if doc["title"] == "" || doc["creator"] == "" || len(doc) != 3 || len(items) == 0 {
		t.Fatalf("header %v", doc)
	}
	for _, it := range items {
		m := it.(map[string]any)
		for _, f := range mandatory {
			if m[f] == nil {
				t.Errorf("no %s in %v", f, m)
			}
		}
		for f, v := range m {
			if !slices.Contains(mandatory, f) && !slices.Contains(optional, f) {
				t.Errorf("field %s is not theirs", f)
			}
			if f == "category" || f == "abuse" {
				if !concepts[v.(string)].pack {
					t.Errorf("%s %v is not in their taxonomy", f, v)
				}
			}
		}
	}
}
