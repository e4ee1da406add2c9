package extract

import (
	"strings"
	"testing"

	"tamga"
)

// of is the findings of one type, as "value kind country raw".
func of(fs []tamga.Finding, t tamga.FindingType) string {
	var out []string
	for _, f := range fs {
		if f.Type == t {
			out = append(out, strings.Join(strings.Fields(strings.Join([]string{f.Value, f.Kind, f.Country}, " ")), " "))
		}
	}
	return strings.Join(out, " | ")
}

// The terms of an offer beside its substance, quantity and price.
func TestTerms(t *testing.T) {
	r := newReader(t)
	for _, c := range []struct {
		text string
		kind tamga.FindingType
		want string
	}{
		{"мефедрон кристалл VHQ 1г", tamga.FindForm, "crystal-rock | VHQ grade"},
		{"10 x ecstasy pills", tamga.FindForm, "pill-tablet"},
		{"LSD blotters 10 x 110ug", tamga.FindForm, "blotter"},
		{"the crystal chandelier was clean", tamga.FindForm, ""},
		{"Требуется кладмен, снежный прикоп, перезаклада нет", tamga.FindDrop, "кладмен courier | снежный прикоп buried | перезаклада redrop"},
		{"Ненаход! взяли в касание", tamga.FindDrop, "ненаход not_found | в касание touch"},
		{"Tайник", tamga.FindDrop, "тайник hiding_place"},
		{"zakladka, Toshkent", tamga.FindDrop, "zakladka dead_drop"},
		{"Работаем в Ташкенте и Алматы, отправка из Бишкека", tamga.FindPlace, "Ташкент city UZ | Алматы city KZ | Бишкек city KG"},
		{"Королёв -- шишки 1г\nвсе четко", tamga.FindPlace, "Королёв city RU"},
		{"🏙 Aсака", tamga.FindPlace, "Асака city UZ"},
		{"г. Ош, закладка", tamga.FindPlace, "Ош city KG"},
		{"Toshkentda 1 gr gashish", tamga.FindPlace, "Ташкент city UZ"},
		{"Kant wrote that Mary lives; киров, находка!", tamga.FindPlace, ""},
		{"Чиланзар, 1 г гашиш", tamga.FindPlace, "Чиланзар district UZ"},
		{"drop at 41.311151, 69.279737 under the tree", tamga.FindPlace, "41.311,69.280 coordinates"},
		{"-33.856789 151.215296", tamga.FindPlace, "-33.857,151.215 coordinates"},
		{"41°18'40.2\"N 69°16'47\"E", tamga.FindPlace, "41.311,69.280 coordinates"},
		{"849VCWC8+R9", tamga.FindPlace, "37.422,-122.084 coordinates"},
		{"https://yandex.uz/maps/?ll=69.279737%2C41.311151&z=17", tamga.FindPlace, "41.311,69.280 coordinates"},
		{"https://www.google.com/maps/@41.311151,69.279737,15z", tamga.FindPlace, "41.311,69.280 coordinates"},
		{"https://2gis.kz/almaty/geo/76.945465,43.238949", tamga.FindPlace, "43.239,76.945 coordinates"},
		{"https://www.openstreetmap.org/?mlat=41.311151&mlon=69.279737#map=17/41.311151/69.279737", tamga.FindPlace, "41.311,69.280 coordinates"},
		{"geo:41.311151,69.279737", tamga.FindPlace, "41.311,69.280 coordinates"},
		{"0.1234, 0.5678 and 12.3456, 13.4567 BTC", tamga.FindPlace, ""},
		{"prices 12.500, 13.750 and 1.250,2.500", tamga.FindPlace, ""},
		{"20-11-2022 23:29:28", tamga.FindDate, "2022-11-20T23:29:28Z"},
		{"2022-11-20", tamga.FindDate, "2022-11-20"},
		{"20.11.2022", tamga.FindDate, "2022-11-20"},
		{"5 Mar 2019, March 5, 2019", tamga.FindDate, "2019-03-05 | 2019-03-05"},
		{"5 марта 2019 г. в 12:30", tamga.FindDate, "2019-03-05"},
		{"5 қаңтар 2020; 3 ýanwar 2021", tamga.FindDate, "2020-01-05 | 2021-01-03"},
		{"5 days ago, 3 дня назад, 2 kun oldin, 1 hour ago", tamga.FindDate, "-P5D | -P3D | -P2D | -PT1H"},
		{"вчера и сегодня", tamga.FindDate, "-P1D | P0D"},
		{"1.5.2 and 10/10, 1-2-3, 3500-5500, 32.13.2020, 31.02.2020, +7 701 20-11-20", tamga.FindDate, ""},
		{"10 mg 2019 may 5", tamga.FindDate, ""},
	} {
		found, _ := r.Text(c.text)
		checkSpans(t, c.text, found)
		if got := of(found, c.kind); got != c.want {
			t.Errorf("%q\n got %s\nwant %s", c.text, got, c.want)
		}
	}
}

// What stands in a date or in coordinates is no quantity or price.
func TestDatesAreNoQuantities(t *testing.T) {
	r := newReader(t)
	for _, text := range []string{"20.11.2022 g", "41.311151, 69.279737 there", "2 g. 5 days ago"} {
		found, _ := r.Text(text)
		n := 0
		for _, f := range found {
			if f.Type == tamga.FindQuantity {
				n++
			}
		}
		if want := strings.Count(text, "2 g."); n != want {
			t.Errorf("%q: %v", text, brief(found))
		}
	}
}

// Coordinates are kept as written only where that is asked for.
func TestExactPlaces(t *testing.T) {
	text := "see 41.311151, 69.279737 or https://www.google.com/maps/@41.311151,69.279737,15z"
	found, _ := newReader(t).Text(text)
	for _, f := range found {
		if strings.Contains(f.Raw+f.Value, "41.3111") {
			t.Errorf("%s tells %q %q", f.Type, f.Value, f.Raw)
		}
	}
	exact, err := New(Options{ExactPlaces: true})
	if err != nil {
		t.Fatal(err)
	}
	found, _ = exact.Text(text)
	if f := firstOf(found, tamga.FindPlace); f == nil || f.Value != "41.311151,69.279737" || f.Raw != "41.311151, 69.279737" {
		t.Errorf("exact: %+v", f)
	}
}
