package extract

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// offerText is synthetic text of the kind markets hold, about n bytes of it.
func offerText(n int) string {
	const unit = "Welcome to the stall of nobody. We ship from the Netherlands to the EU within 3-5 days, always in a plain envelope.\n" +
		"10 x 2mg Xanax bars, 92% pure, $25.50 or 0.0051 BTC per gram. Please read the terms before you order and use PGP.\n" +
		"All our products are lab tested; refunds are 50% for first orders. Contact: nobody@example.org or @nobody_here.\n" +
		"Меф кристалл 1 г, магнит, 3 500 руб. Отправка в течение двух дней, пишите в личные сообщения заранее.\n" +
		"Long prose follows without anything to find in it, as most of any page is: greetings, thanks, rules and news of the day.\n"
	return strings.Repeat(unit, n/len(unit)+1)[:n]
}

// BenchmarkRecognise reports all recognisers against one pass of the automaton
// alone, measured in the same run.
func BenchmarkRecognise(b *testing.B) {
	r := newReader(b)
	for _, c := range []struct {
		name string
		text string
	}{{"synthetic", offerText(1 << 20)}, {"real", realText(b)}} {
		if c.text == "" {
			continue
		}
		low := lower(c.text)
		automaton := 0.0 // nanoseconds a pass
		b.Run(c.name+"/automaton", func(b *testing.B) {
			b.SetBytes(int64(len(low)))
			for b.Loop() {
				n := 0
				r.lexicon.words.eachWord(low, func(int, int, int) { n++ })
			}
			automaton = float64(b.Elapsed().Nanoseconds()) / float64(b.N)
		})
		plain := *r
		plain.model = nil
		b.Run(c.name+"/untagged", func(b *testing.B) {
			b.SetBytes(int64(len(low)))
			for b.Loop() {
				plain.Text(c.text)
			}
		})
		b.Run(c.name+"/all", func(b *testing.B) {
			b.SetBytes(int64(len(low)))
			for b.Loop() {
				r.Text(c.text)
			}
			b.ReportMetric(automaton/(float64(b.Elapsed().Nanoseconds())/float64(b.N)), "of-automaton")
		})
	}
}

// benchData is the folder of the real data.
func benchData() string {
	if dir := os.Getenv("TAMGA_DATA"); dir != "" {
		return dir
	}
	home, _ := os.UserHomeDir()
	return filepath.Join(home, ".cache", "tamga-data")
}

// realText is the visible text of some real pages, "" where they are absent.
func realText(b *testing.B) string {
	files, _ := filepath.Glob(filepath.Join(benchData(), "agora", "mirror", "p", "A*"))
	var t strings.Builder
	for _, f := range files {
		body, err := os.ReadFile(f)
		if err != nil {
			b.Fatal(err)
		}
		t.WriteString(walk(string(body)).text.body)
	}
	return t.String()
}

// BenchmarkPage is the whole reading of a page with a profile and without.
func BenchmarkPage(b *testing.B) {
	r := newReader(b)
	var page strings.Builder
	page.WriteString("<html><title>Stall</title><body><h1>Stall</h1><table>")
	for range 200 {
		page.WriteString(`<tr class="row"><td><a href="/p/1">5 g of something green, kush</a></td><td>0.05 BTC</td><td><a href="/vendor/nobody">nobody</a></td></tr>`)
	}
	page.WriteString("</table>" + offerText(1<<14))
	body := []byte(page.String())
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if _, err := r.Page(Input{Body: body}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkMarket is the reading of real pages of markets without a profile.
func BenchmarkMarket(b *testing.B) {
	r := newReader(b)
	for _, name := range []string{"white_house", "yellow_brick", "apollon", "dream"} {
		var pages [][]byte
		size := 0
		_ = filepath.WalkDir(filepath.Join(benchData(), "markets", name), func(file string, e os.DirEntry, err error) error {
			if err == nil && !e.IsDir() && size < 4<<20 {
				if body, err := os.ReadFile(file); err == nil {
					pages = append(pages, body)
					size += len(body)
				}
			}
			return nil
		})
		if pages == nil {
			b.Skip("the real pages are absent")
		}
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(size))
			for b.Loop() {
				for _, body := range pages {
					if _, err := r.Page(Input{Body: body, Profile: NoProfile}); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

// BenchmarkProse is talk and news, of which the learned tagger reads most.
func BenchmarkProse(b *testing.B) {
	r := newReader(b)
	for _, set := range []string{"reddit", "unodc"} {
		b.Run(set, func(b *testing.B) {
			file, err := os.ReadFile(filepath.Join(benchData(), "ner", set+"_train.jsonl"))
			if err != nil {
				b.Skip(err)
			}
			var texts []string
			n := 0
			for line := range bytes.Lines(file) {
				var d struct{ Text string }
				if err := json.Unmarshal(line, &d); err != nil {
					b.Fatal(err)
				}
				texts, n = append(texts, d.Text), n+len(d.Text)
			}
			b.SetBytes(int64(n))
			for b.Loop() {
				for _, t := range texts {
					r.Text(t)
				}
			}
		})
	}
}
