package demo

// good is a line of the catalogue: what is offered, under which section, in
// which packs, at about which price.
type good struct {
	section   []string // the market's own category path
	substance string   // canonical id; empty: no substance
	names     map[string][]string
	packs     []pack
	usd       float64 // a gram, a millilitre or a piece, for small packs
	purity    [2]int  // per cent, from and to; zero: none is claimed
	talk      map[string][]string
}

// pack is an amount as vendors write it and what it comes to: where the strength
// of a piece is written with it (10x 2mg), the weight.
type pack struct {
	en, ru string
	total  string // decimal, in unit
	unit   string // g, ml or piece
	size   float64
}

// Shapes in which amounts are written. An ounce is
// the trade's 28.35 g.
var (
	grams = []pack{
		{"1g", "1 г", "1", "g", 1}, {"500mg", "500 мг", "0.5", "g", 0.5}, {"3.5 g", "3,5 г", "3.5", "g", 3.5},
		{"5 grams", "5 г", "5", "g", 5}, {"10g", "10гр", "10", "g", 10}, {"1/2 oz", "15 г", "", "g", 14.175},
		{"0.5 g", "0,5 г", "0.5", "g", 0.5}, {"25 g", "25 грамм", "25", "g", 25}, {"2 gr", "2 гр", "2", "g", 2},
		{"50 g", "50 г", "50", "g", 50}, {"½ oz", "10 г", "", "g", 14.175}, {"100g", "100 гр", "100", "g", 100},
		{"1 oz", "30 г", "", "g", 28.35}, {"250 g", "0.25 кг", "250", "g", 250}, {"1 kg", "1 кг", "1000", "g", 1000},
	}
	pills = []pack{
		{"10 pills", "10 таб", "10", "piece", 10}, {"25 pills", "20 таб", "25", "piece", 25}, {"50 pcs", "50 шт", "50", "piece", 50},
		{"100 pills", "100 таблеток", "100", "piece", 100}, {"5 pills", "5 шт", "5", "piece", 5}, {"500 tabs", "500 таб", "500", "piece", 500},
	}
	blotters = []pack{
		{"5 blotters", "5 марок", "5", "piece", 5}, {"10 tabs", "10 марок", "10", "piece", 10}, {"25 blotters", "20 марок", "25", "piece", 25},
		{"100 blotters", "100 марок", "100", "piece", 100}, {"50 blotters", "50 марок", "50", "piece", 50},
	}
	blisters = []pack{
		{"30 pills", "20 таб", "30", "piece", 30}, {"10x 2mg", "10 таб", "0.02", "g", 10}, {"100 x 1mg", "50 таб", "0.1", "g", 100},
		{"50 pills", "30 таблеток", "50", "piece", 50}, {"90 tablets", "60 шт", "90", "piece", 90},
	}
	liquids = []pack{
		{"250 ml", "250 мл", "250", "ml", 250}, {"1 litre", "1 л", "1000", "ml", 1000}, {"500ml", "500мл", "500", "ml", 500},
	}
	articles = []pack{{"", "", "", "", 1}, {"3 pcs", "3 шт", "3", "piece", 3}}
)

// russian are the totals of the Russian packs, where they differ from the English.
var russian = map[string][2]string{
	"15 г": {"15", "g"}, "10 г": {"10", "g"}, "30 г": {"30", "g"}, "20 таб": {"20", "piece"}, "20 марок": {"20", "piece"},
	"10 таб": {"10", "piece"}, "50 таб": {"50", "piece"}, "30 таблеток": {"30", "piece"}, "60 шт": {"60", "piece"},
}

// value is the total of a pack in a language, and its unit.
func (p pack) value(lang string) (total, unit string) {
	if p.unit == "" {
		return "", ""
	}
	if own, ok := russian[p.ru]; ok && lang == "ru" {
		return own[0], own[1]
	}
	if p.total == "" { // ounces
		return map[string]string{"1/2 oz": "14.175", "½ oz": "14.175", "1 oz": "28.35"}[p.en], p.unit
	}
	return p.total, p.unit
}

func (p pack) text(lang string) string {
	if lang == "ru" {
		return p.ru
	}
	return p.en
}

var catalogue = map[string]good{
	"mdma": {section: []string{"Ecstasy", "MDMA"}, substance: "mdma", packs: grams, usd: 14, purity: [2]int{78, 88},
		names: map[string][]string{"en": {"MDMA crystals", "Dutch MDMA", "MDMA champagne", "Brown MDMA shards"}, "ru": {"МДМА кристаллы", "Кристаллы MDMA", "МДМА шампань"}}},
	"xtc": {section: []string{"Ecstasy", "Pills"}, substance: "mdma", packs: pills, usd: 4,
		names: map[string][]string{"en": {"XTC Blue Teapot 220mg MDMA", "Ecstasy Pink Camel", "XTC Green Nowhere", "Ecstasy Orange Kettle"}, "ru": {"Экстази Розовый Верблюд", "Таблетки экстази Зелёный Чайник"}}},
	"coke": {section: []string{"Stimulants", "Cocaine"}, substance: "cocaine", packs: grams, usd: 70, purity: [2]int{72, 93},
		names: map[string][]string{"en": {"Cocaine flake", "Colombian cocaine", "Uncut cocaine", "Cocaine fishscale"}, "ru": {"Кокаин колумбийский", "Кокаин чистый"}}},
	"amph": {section: []string{"Stimulants", "Amphetamine"}, substance: "amphetamine", packs: grams, usd: 6, purity: [2]int{55, 75},
		names: map[string][]string{"en": {"Amphetamine paste", "Speed paste", "Dry amphetamine sulphate"}, "ru": {"Амфетамин сухой", "Амфетамин Белый", "Фен, амфетамин"}}},
	"mef": {section: []string{"Stimulants", "Mephedrone"}, substance: "mephedrone", packs: grams, usd: 16,
		names: map[string][]string{"en": {"Mephedrone crystals", "4-MMC mephedrone"}, "ru": {"Мефедрон кристалл", "Мефедрон мука", "Мефедрон VHQ", "Меф, мефедрон хрустальный"}}},
	"meth": {section: []string{"Stimulants", "Methamphetamine"}, substance: "methamphetamine", packs: grams, usd: 35, purity: [2]int{85, 97},
		names: map[string][]string{"en": {"Crystal meth", "Methamphetamine shards"}, "ru": {"Метамфетамин кристалл"}}},
	"alpha": {section: []string{"Stimulants", "Alpha-PVP"}, substance: "alpha-pvp", packs: grams, usd: 12,
		names: map[string][]string{"en": {"Alpha-PVP"}, "ru": {"Альфа-ПВП кристалл", "A-PVP кристалл"}}},
	"weed": {section: []string{"Cannabis", "Flower"}, substance: "cannabis", packs: grams, usd: 9,
		names: map[string][]string{"en": {"Cannabis indoor", "Weed outdoor harvest", "Marijuana Nowhere Haze", "Cannabis Steppe Kush"}, "ru": {"Марихуана гидропоника", "Шишки AK Nowhere, марихуана", "Конопля, бошки степные"}}},
	"hash": {section: []string{"Cannabis", "Hashish"}, substance: "cannabis_resin", packs: grams, usd: 8,
		names: map[string][]string{"en": {"Moroccan hash", "Dry sift hashish", "Hash Golden Sand"}, "ru": {"Гашиш афганский", "Гашиш Золотой Песок", "Гашиш сухой"}}},
	"lsd": {section: []string{"Psychedelics", "LSD"}, substance: "lsd", packs: blotters, usd: 6,
		names: map[string][]string{"en": {"LSD 120ug Paper Moon", "LSD blotters Nowhere Map", "LSD 200ug Grey Owl"}, "ru": {"ЛСД марки 150 мкг", "LSD Карта Нигде"}}},
	"dmt": {section: []string{"Psychedelics", "DMT"}, substance: "dmt", packs: grams[:5], usd: 60,
		names: map[string][]string{"en": {"DMT white", "DMT yellow jungle"}, "ru": {"ДМТ белый"}}},
	"shroom": {section: []string{"Psychedelics", "Mushrooms"}, substance: "psilocybin", packs: grams, usd: 6,
		names: map[string][]string{"en": {"Psilocybin mushrooms", "Magic mushrooms Golden Teacher"}, "ru": {"Псилоцибиновые грибы"}}},
	"ket": {section: []string{"Dissociatives", "Ketamine"}, substance: "ketamine", packs: grams, usd: 18,
		names: map[string][]string{"en": {"Ketamine needles", "S-isomer ketamine", "Ketamine sugar"}, "ru": {"Кетамин иглы", "Кетамин"}}},
	"heroin": {section: []string{"Opioids", "Heroin"}, substance: "heroin", packs: grams, usd: 40, purity: [2]int{35, 60},
		names: map[string][]string{"en": {"Heroin brown", "Afghan heroin"}, "ru": {"Героин афганский", "Героин"}}},
	"tram": {section: []string{"Opioids", "Tramadol"}, substance: "tramadol", packs: blisters, usd: 1.2,
		names: map[string][]string{"en": {"Tramadol", "Tramadol blister"}, "ru": {"Трамадол"}}},
	"benzo": {section: []string{"Prescription", "Benzodiazepines"}, substance: "alprazolam", packs: blisters, usd: 2.2,
		names: map[string][]string{"en": {"Alprazolam", "Xanax bars", "Xanax sealed"}, "ru": {"Алпразолам", "Ксанакс"}}},
	"preg": {section: []string{"Prescription", "Pregabalin"}, substance: "pregabalin", packs: blisters, usd: 1.1,
		names: map[string][]string{"en": {"Pregabalin 300", "Lyrica pregabalin"}, "ru": {"Лирика, прегабалин", "Прегабалин"}}},
	"anhyd": {section: []string{"Precursors", "Reagents"}, substance: "acetic_anhydride", packs: liquids, usd: 0.4,
		names: map[string][]string{"en": {"Acetic anhydride"}, "ru": {"Уксусный ангидрид"}}},
	"sim": {section: []string{"Other", "Telephony"}, packs: articles, usd: 20,
		names: map[string][]string{"en": {"Prepaid SIM card", "Used pocket phone"}}},
	"guard": {section: []string{"Other", "Lost property"}, packs: articles, usd: 35,
		names: map[string][]string{"en": {"Single left glove, wool", "Umbrella with a wooden handle", "Radio alarm clock"}}},
}

// sentences of the blurbs, by language. They say nothing that could be used.
var sentences = map[string][]string{
	"en": {
		"Fresh batch, arrived this week.",
		"Same source as last season, the forum thread has the pictures.",
		"Vacuum sealed, plain envelope, no return address.",
		"Please read my page before you order.",
		"Orders before noon leave the same day.",
		"Finalise early only with twenty deals and more.",
		"No reship for new buyers.",
		"Leave honest feedback and you will be remembered.",
		"Larger packs on request, write first.",
		"Stock is counted daily.",
	},
	"ru": {
		"Свежая партия, привезли на этой неделе.",
		"Качество проверено, отзывы в теме форума.",
		"Упаковка вакуум, без лишних надписей.",
		"Перед заказом прочитайте правила магазина.",
		"Заказы до полудня уходят в тот же день.",
		"Перезаклад только при трёх покупках и больше.",
		"Новым покупателям без споров.",
		"Оставляйте честный отзыв, мы помним каждого.",
		"Опт по договорённости, сначала пишите.",
		"Наличие обновляется каждый день.",
	},
}

var praise = map[string][]string{
	"en": {"Arrived on day four, all good.", "Weight exact, thank you.", "Slow but honest.", "Second order, same as the first.", "Communication could be better.", "As described."},
	"ru": {"Всё ровно, спасибо.", "Касание, минут пять.", "Нашёл не сразу, но нашёл.", "Ненаход, перезаклад дали в тот же день.", "Вес точный.", "Как всегда на уровне."},
}
