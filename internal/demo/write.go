package demo

import (
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// rates are units of a currency for a dollar, as the market reckons.
var rates = map[string]float64{"USD": 1, "EUR": 0.92, "RUB": 92, "KZT": 480, "UZS": 12600, "BTC": 1 / 64000.0}

// money turns dollars into a price and the way a vendor writes it.
func money(usd float64, p persona) (value, text string) {
	v := usd * rates[p.money]
	switch p.money {
	case "BTC":
		value = strings.TrimRight(strings.TrimRight(strconv.FormatFloat(max(v, 0.0001), 'f', 5, 64), "0"), ".")
		return value, [...]string{value + " BTC", "BTC " + value}[p.style]
	case "EUR":
		value = strconv.FormatFloat(math.Round(v*2)/2, 'f', 2, 64)
		comma := strings.NewReplacer(".", ",", ",", ".").Replace(group(value, ","))
		return value, [...]string{"€" + group(value, ","), value + " EUR", comma + " €"}[p.style]
	case "RUB":
		value = strconv.Itoa(int(v/50)*50 + 50)
		return value, [...]string{group(value, " ") + " ₽", value + " руб."}[p.style]
	case "KZT":
		value = strconv.Itoa(int(v/500)*500 + 500)
		return value, [...]string{group(value, " ") + " ₸", value + " тенге"}[p.style]
	case "UZS":
		value = strconv.Itoa(int(v/5000)*5000 + 5000)
		if p.lang == "en" {
			return value, group(value, " ") + " UZS"
		}
		return value, group(value, " ") + " сум"
	}
	value = strconv.FormatFloat(math.Round(v*4)/4, 'f', 2, 64)
	return value, [...]string{"$" + group(value, ","), value + " USD"}[p.style]
}

// group puts a separator between the thousands of a decimal.
func group(value, sep string) string {
	whole, rest, _ := strings.Cut(value, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + sep + whole[i:]
	}
	if rest != "" {
		return whole + "." + rest
	}
	return whole
}

var codes = map[string]string{
	"Worldwide": "WW", "Europe": "EU", "European Union": "EU",
	"Kazakhstan": "KZ", "Poland": "PL", "Netherlands": "NL", "United Kingdom": "GB", "Germany": "DE", "Spain": "ES",
	"United States": "US", "Canada": "CA", "Belgium": "BE", "Czech Republic": "CZ", "Austria": "AT", "Finland": "FI",
	"Sweden": "SE", "Norway": "NO", "France": "FR", "Switzerland": "CH", "Portugal": "PT", "Israel": "IL", "India": "IN",
	"Australia": "AU", "New Zealand": "NZ", "Lithuania": "LT", "Colombia": "CO", "Uzbekistan": "UZ", "Kyrgyzstan": "KG",
	"Ireland": "IE", "Turkey": "TR",
	"Россия": "RU", "Казахстан": "KZ", "Беларусь": "BY", "Узбекистан": "UZ", "Кыргызстан": "KG", "Таджикистан": "TJ",
	"Армения": "AM", "Грузия": "GE",
}

// countries reads a route as the personas write it.
func countries(text string) (in, except []string) {
	text, but, _ := strings.Cut(text, " except ")
	read := func(s string) (all []string) {
		for name := range strings.SplitSeq(s, ", ") {
			if name != "" {
				all = append(all, codes[name])
			}
		}
		return all
	}
	return read(text), read(but)
}

var months = [...]string{"января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября", "декабря"}

// day is a date as the market prints it.
func day(lang string, t time.Time) string {
	if lang == "ru" {
		return strconv.Itoa(t.Day()) + " " + months[t.Month()-1] + " " + strconv.Itoa(t.Year())
	}
	return t.Format("2 Jan 2006")
}

func pathEscape(s string) string { return url.PathEscape(s) }

func itoa(n int) string { return strconv.Itoa(n) }

// labels are the words of the market's own pages.
var labels = map[string]string{
	"Home": "Главная", "Price": "Цена", "Pack": "Фасовка", "Ships from": "Откуда", "Ships to": "Куда", "Posted": "Добавлено",
	"Sold by": "Продавец", "Reviews": "Отзывы", "Direct pay": "Прямая оплата", "More from this vendor": "Другие товары продавца",
	"Rating": "Рейтинг", "Deals": "Сделки", "Member since": "На площадке с", "About": "О себе", "Contact": "Связь", "Offers": "Товары",
	"PGP key": "Ключ PGP", "Own shop": "Свой магазин", "not stated": "не указано",
}

// label translates a word of the market's own.
func label(lang, word string) string {
	if s, ok := labels[word]; ok && lang == "ru" {
		return s
	}
	return word
}
