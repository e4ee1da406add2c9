package tags

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var demoList = List{Name: "Demo list", Source: "https://list.example", Date: "2024-09-20", Asset: "XBT"}

const boat = "1BoatSLRHtKNngkdXEeobR76b53LETtpyT"

func TestReadList(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"lines":    {"# a remark\n" + boat + "\r\n\n" + boat + "\n", "BTC bitcoin Demo list 2024-09-20\n"},
		"csv":      {"Address,Currency,Listed,Name\n" + boat + ",XBT,2023-1-2,\"Demo, person\"\n", "BTC bitcoin Demo list: Demo, person 2023-01-02\n"},
		"strings":  {"[\n\"" + boat + "\"\n]", "BTC bitcoin Demo list 2024-09-20\n"},
		"objects":  {`[{"address":"` + boat + `","asset":"BTC","entity":"Demo"}]`, "BTC bitcoin Demo list: Demo 2024-09-20\n"},
		"sdn.csv":  {`36,"DEMO PERSON","individual",-0- ,"Digital Currency Address - XBT ` + boat + `; alt. Digital Currency Address - ETH 0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed; Secondary."`, "BTC bitcoin Demo list 2024-09-20\nETH ethereum Demo list 2024-09-20\n"},
		"verge":    {"address,asset\nDDemo,XVG\n", "XVG  Demo list 2024-09-20\n"},
		"one case": {"address,asset\n0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed,USDT", "USDT ethereum Demo list 2024-09-20\n"},
	} {
		all, doubts, err := ReadList(strings.NewReader(c.in), demoList)
		if err != nil || len(doubts) > 0 {
			t.Errorf("%s: %v %v", name, doubts, err)
			continue
		}
		got := ""
		for _, g := range all {
			got += fmt.Sprintln(g.Asset, g.Chain, g.Label, g.Date)
			if g.Abuse != "sanction" || g.Confidence != 60 || g.Source != demoList.Source || g.ClusterDefiner {
				t.Errorf("%s: %+v", name, g)
			}
		}
		if got != c.want {
			t.Errorf("%s: got\n%swant\n%s", name, got, c.want)
		}
	}
}

func TestReadListRefuses(t *testing.T) {
	for in, want := range map[string]string{
		"":                               "no address",
		"two words\n":                    "line 1: ",
		"\n\nok\n" + boat + " " + boat:   "line 4: ",
		"address,asset\n" + boat + "\n":  "line 2: wrong number of fields",
		"address,date\n" + boat + ",now": `line 2: "now" is no date`,
		"[1]":                            "line 1: ",
		"[\n\"a\",\n{\"x\":[\n":          "line 2: ",
		"[" + strings.Repeat("[", 1<<20): "exceeded max depth",
		strings.Repeat("x", 1<<20):       "line 1: ",
	} {
		if all, _, err := ReadList(strings.NewReader(in), demoList); err == nil || !strings.Contains(err.Error(), want) || all != nil {
			t.Errorf("%.40q: %.200v, want %q", in, err, want)
		}
	}
	for _, l := range []List{{Name: "n", Source: "s"}, {Name: "n", Date: "2020-01-01"}, {Source: "s", Date: "2020-01-01"}} {
		if _, _, err := ReadList(strings.NewReader(boat), l); err == nil {
			t.Errorf("%+v: read", l)
		}
	}
	if _, doubts, err := ReadList(strings.NewReader(boat[:33]+"X"), demoList); err != nil || len(doubts) != 1 {
		t.Errorf("a wrong checksum: %v %v", doubts, err)
	}
}

func TestAge(t *testing.T) {
	if got := demoList.Age(time.Date(2024, 10, 21, 0, 0, 0, 0, time.UTC)); got != 31*24*time.Hour || got <= OldList {
		t.Errorf("age %v", got)
	}
	for name, want := range map[string]string{"sanctioned_addresses_XBT.txt": "XBT", "a/b_USDT.json": "USDT", "list.csv": "", "x_y.txt": ""} {
		if got := AssetOfFile(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// TestRealLists reads OFAC's addresses in both forms, which must agree.
func TestRealLists(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(dataDir(t), "chain", "ofac", "*.txt"))
	if err != nil || len(files) == 0 {
		t.Skip("no lists in TAMGA_DATA")
	}
	total := 0
	for _, file := range files {
		l := demoList
		if l.Asset = AssetOfFile(file); l.Asset == "" {
			t.Errorf("%s: no asset", filepath.Base(file))
		}
		var texts [2]string
		for i, name := range []string{file, strings.TrimSuffix(file, "txt") + "json"} {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			all, _, err := ReadList(bytes.NewReader(b), l)
			if err != nil {
				t.Errorf("%s: %v", filepath.Base(name), err)
			}
			texts[i] = fmt.Sprint(all)
			total += len(all)
		}
		if texts[0] != texts[1] {
			t.Errorf("%s: lines and JSON differ", filepath.Base(file))
		}
	}
	if total < 2*600 {
		t.Errorf("%d addresses", total/2)
	}
}

func FuzzReadList(f *testing.F) {
	f.Add([]byte(sdnXML))
	f.Add([]byte(advancedXML))
	f.Add([]byte("address,asset\n" + boat + ",XBT\n"))
	f.Add([]byte(`[{"address":"a","asset":"BTC"},"b"]`))
	f.Add([]byte("Digital Currency Address - XBT " + boat + ";"))
	f.Fuzz(func(t *testing.T, b []byte) {
		all, _, err := ReadList(bytes.NewReader(b), demoList)
		if err != nil && all != nil {
			t.Fatal("an answer beside an error")
		}
		for _, g := range all {
			if g.Address == "" || g.Asset == "" || g.Date == "" {
				t.Fatalf("tag %+v", g)
			}
		}
	})
}
