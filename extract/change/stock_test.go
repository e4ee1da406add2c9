package change

import (
	"strconv"
	"strings"
	"testing"

	"tamga"
)

func decimal(f float64) string { return strconv.FormatFloat(f, 'f', 4, 64) }

// plain is a page whose text is its source.
func plain(s string) *tamga.Page {
	p := &tamga.Page{Source: s, Text: tamga.Text{Body: s}}
	for i := range len(s) + 1 {
		p.Text.Offsets = append(p.Text.Offsets, int32(i))
	}
	return p
}

func TestStock(t *testing.T) {
	for text, want := range map[string]string{
		"In stock: 7":                           "7",
		"Stock: 012 pcs":                        "12",
		"25 in stock":                           "25",
		"Available, in stock.":                  "in",
		"This item is sold out":                 "out",
		"Нет в наличии":                         "out",
		"В наличии: 40 шт":                      "40",
		"Осталось 3":                            "3",
		"Auf Lager":                             "in",
		"Таусылды":                              "out",
		"livestock 12":                          "",
		"stockings 9":                           "",
		"$5.25 stock of the house":              "",
		"":                                      "",
		strings.Repeat("stock", 100000):         "",
		"Price 9\nstock":                        "9",
		"in stock: 99999999999999999999":        "999999999",
		"\xff in stock: 3 \xfe":                 "3",
		strings.Repeat("x", 20000) + "sold out": "", // beyond what is looked through
	} {
		got, span := stock(plain(text), [2]int{0, len(text)})
		if got != want {
			t.Errorf("stock(%.40q) = %q, want %q", text, got, want)
		}
		if span[0] < 0 || span[1] > len(text) || span[0] > span[1] {
			t.Errorf("stock(%.40q) stands at %v", text, span)
		}
	}
}
