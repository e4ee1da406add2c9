package main

import (
	"slices"
	"strings"

	"tamga/extract/language"
)

// keyboard is the weight of a text as it is typed without the letters that a
// foreign keyboard lacks.
const keyboard = 0.3

// plain are the letters that a Russian or English keyboard has instead.
var plain = map[string]*strings.Replacer{
	"kk": strings.NewReplacer("ә", "а", "Ә", "А", "ғ", "г", "Ғ", "Г", "қ", "к", "Қ", "К", "ң", "н", "ө", "о", "Ө", "О", "ұ", "у", "Ұ", "У",
		"ү", "у", "Ү", "У", "һ", "х", "і", "и", "І", "И"),
	"ky":      strings.NewReplacer("ң", "н", "ө", "о", "Ө", "О", "ү", "у", "Ү", "У"),
	"uz-Cyrl": strings.NewReplacer("ў", "у", "Ў", "У", "қ", "к", "Қ", "К", "ғ", "г", "Ғ", "Г", "ҳ", "х", "Ҳ", "Х"),
	"tg": strings.NewReplacer("ғ", "г", "Ғ", "Г", "ӣ", "и", "Ӣ", "И", "қ", "к", "Қ", "К", "ӯ", "у", "Ӯ", "У", "ҳ", "х", "Ҳ", "Х",
		"ҷ", "ч", "Ҷ", "Ч"),
	"tk": strings.NewReplacer("ä", "a", "Ä", "A", "ç", "c", "Ç", "C", "ž", "z", "Ž", "Z", "ň", "n", "ö", "o", "Ö", "O", "ş", "s", "Ş", "S",
		"ü", "u", "Ü", "U", "ý", "y", "Ý", "Y"),
	"uz-Latn": strings.NewReplacer("ʻ", "", "ʼ", "", "'", "", "’", "", "‘", ""),
	"fr": strings.NewReplacer("é", "e", "É", "E", "è", "e", "ê", "e", "à", "a", "â", "a", "ç", "c", "î", "i", "ï", "i", "ô", "o", "û", "u",
		"ù", "u", "œ", "oe"),
}

// Uzbek in Cyrillic from Latin letters (law of 2 September 1993, amended 1995),
// Turkmen likewise (1993), Kazakh in Latin letters as decreed on 28 January 2021,
// and Russian as it is typed in Latin letters.
var (
	uzbekCyrillic = spelling("ya:я yo:ё yu:ю ye:е sh:ш ch:ч o':ў g':ғ ts:ц a:а b:б d:д e:е f:ф g:г h:ҳ i:и j:ж k:к l:л m:м n:н o:о p:п q:қ r:р s:с t:т u:у v:в x:х y:й z:з ':ъ")
	turkmenCyril  = spelling("ýa:я ýo:ё ýu:ю ýe:е a:а b:б ç:ч d:д e:е ä:ә f:ф g:г h:х i:и j:җ ž:ж k:к l:л m:м n:н ň:ң o:о ö:ө p:п r:р s:с ş:ш t:т u:у ü:ү w:в y:ы ý:й z:з")
	kazakhLatin   = spelling("а:a ә:ä б:b в:v г:g ғ:ğ д:d е:e ё:io ж:j з:z и:i й:i к:k қ:q л:l м:m н:n ң:ñ о:o ө:ö п:p р:r с:s т:t у:u ұ:ū ү:ü ф:f х:h һ:h ц:ts ч:ch ш:ş щ:ştş ъ: ы:y і:ı ь: э:e ю:iu я:ia")
	russianLatin  = spelling("а:a б:b в:v г:g д:d е:e ё:yo ж:zh з:z и:i й:y к:k л:l м:m н:n о:o п:p р:r с:s т:t у:u ф:f х:h ц:c ч:ch ш:sh щ:sch ъ: ы:y ь: э:e ю:yu я:ya")
)

func spelling(table string) *strings.Replacer {
	var pairs []string
	for _, p := range strings.Split(table, " ") {
		from, to, _ := strings.Cut(p, ":")
		pairs = append(pairs, from, to)
	}
	return strings.NewReplacer(pairs...)
}

// vary adds texts that are made by rule: as typed on another keyboard, and in the
// other script of a language, whose own texts are of one register only.
func vary(corpora []language.Corpus, at map[string]int) []language.Corpus {
	own := func(name string) []language.Text { return slices.Clone(corpora[at[name]].Texts) }
	add := func(name string, texts []language.Text, spell *strings.Replacer, weight float64) {
		c := &corpora[at[name]]
		for _, t := range texts {
			c.Texts = append(c.Texts, language.Text{Body: spell.Replace(t.Body), Weight: weight})
		}
	}
	lower := func(texts []language.Text) []language.Text {
		signs := strings.NewReplacer("ʻ", "'", "ʼ", "'", "’", "'", "‘", "'", "`", "'")
		for i := range texts {
			texts[i].Body = signs.Replace(strings.ToLower(texts[i].Body))
		}
		return texts
	}
	add("uz-Cyrl", lower(own("uz-Latn")), uzbekCyrillic, 0.7)
	add("tk-Cyrl", lower(own("tk")), turkmenCyril, 0.7)
	for _, d := range []struct{ name, tag, from string }{{"kk-Latn", "kk", "kk"}, {"ru-Latn", "ru", "ru"}} {
		at[d.name] = len(corpora)
		corpora = append(corpora, language.Corpus{Name: d.name, Tag: d.tag, Budget: otherBudget})
		spell := kazakhLatin
		if d.from == "ru" {
			spell = russianLatin
		}
		add(d.name, lower(own(d.from)), spell, 1)
	}
	for _, name := range []string{"kk", "ky", "uz-Cyrl", "tg", "tk", "uz-Latn", "fr"} {
		add(name, own(name), plain[name], keyboard)
	}
	return corpora
}
