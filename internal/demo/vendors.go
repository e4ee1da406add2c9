package demo

// persona is a vendor of the market.
type persona struct {
	name   string
	lang   string   // of titles and texts: en, ru
	from   string   // as written; empty where the vendor does not say
	to     string   // as written
	money  string   // currency of the prices: BTC USD EUR RUB KZT UZS
	goods  []string // keys of the catalogue
	style  int      // which of the ways to write prices and quantities
	key    string   // file of the PGP key under keys/; empty: none
	wallet string   // wallet of the ledger whose address the vendor names; empty: none
	handle string   // Telegram handle after nowhere_demo_; empty: none
	drop   string   // city of dead drops; empty: sends by post
	bio    string
}

// Names that the story turns on.
const (
	storyOld = "SteppeFalcon"
	storyNew = "AltynSunqar"
	sharedA  = "QaraKervan"
	sharedB  = "NorthLantern"
)

var personas = []persona{
	{name: storyOld, lang: "en", from: "Kazakhstan", to: "Worldwide except Australia, New Zealand", money: "BTC", goods: []string{"hash", "weed", "mdma", "mdma", "hash"}, style: 0, key: "falcon", wallet: "falcon", handle: "falcon",
		bio: "Old school. Two parcels a week, never on Fridays. I am leaving this name soon; my key stays the same, so check the key and not the feathers."},
	{name: storyNew, lang: "en", from: "Kazakhstan", to: "Worldwide except Australia, New Zealand", money: "BTC", goods: []string{"hash", "mdma", "coke", "weed", "lsd", "xtc"}, style: 1, key: "falcon", wallet: "sunqar", handle: "sunqar",
		bio: "New nest, old bird. Long-time buyers know the key. Two parcels a week, never on Fridays."},
	{name: sharedA, lang: "ru", from: "Казахстан", to: "Казахстан, Россия", money: "KZT", goods: []string{"mef", "hash", "weed", "mef", "amph"}, style: 0, key: "kervan", wallet: "kervan", handle: "kervan", drop: "Алматы",
		bio: "Караван идёт, собаки лают. Работаем по Алматы и по почте. Оператор отвечает днём."},
	{name: sharedB, lang: "en", from: "Poland", to: "Europe", money: "EUR", goods: []string{"amph", "mef", "ket", "mdma", "benzo"}, style: 0, key: "lantern", wallet: "kervan",
		bio: "A small lantern in a big fog. Polite messages get polite answers. Reships after twelve days."},
	{name: "PaperMoonCo", lang: "en", from: "Netherlands", to: "Worldwide", money: "USD", goods: []string{"lsd", "lsd", "dmt", "shroom", "lsd"}, style: 0, key: "papermoon", wallet: "papermoon",
		bio: "Paper goods only. Every sheet is laid by hand and counted twice."},
	{name: "VelvetOwl", lang: "en", from: "United Kingdom", to: "United Kingdom", money: "USD", goods: []string{"ket", "coke", "mdma", "benzo", "ket"}, style: 1, key: "owl", wallet: "owl", handle: "owl",
		bio: "Night hours. Domestic only, tracked on request. No questions about other owls."},
	{name: "TulipDistrict", lang: "en", from: "Netherlands", to: "Europe, United States", money: "EUR", goods: []string{"xtc", "mdma", "coke", "amph", "xtc", "ket"}, style: 1, key: "tulip", wallet: "tulip",
		bio: "From the land of bicycles. Bulk buyers write first. We do not answer on Sundays."},
	{name: "SaltAndCinder", lang: "en", from: "Germany", to: "European Union", money: "EUR", goods: []string{"amph", "xtc", "weed", "hash", "mdma"}, style: 2, key: "cinder",
		bio: "Ordentlich, pünktlich, leise. We write in English and count in German."},
	{name: "GreyHarbour", lang: "en", from: "Spain", to: "Europe", money: "EUR", goods: []string{"hash", "hash", "coke", "weed", "hash"}, style: 0, wallet: "harbour",
		bio: "The ferry leaves on Tuesday. Samples only for buyers with ten deals and more."},
	{name: "HonestBadger", lang: "en", from: "United States", to: "United States", money: "USD", goods: []string{"weed", "weed", "shroom", "weed", "benzo"}, style: 0, key: "badger", wallet: "badger",
		bio: "One badger, one shed, no staff. What you see is what is in the jar."},
	{name: "LemonZeppelin", lang: "en", from: "Canada", to: "Worldwide", money: "USD", goods: []string{"weed", "weed", "shroom", "mdma", "lsd"}, style: 1,
		bio: "Lighter than air since last year. Stealth is described in a private message only."},
	{name: "NineTeapots", lang: "en", from: "Belgium", to: "Europe", money: "BTC", goods: []string{"xtc", "xtc", "mdma", "amph", "xtc"}, style: 0, key: "teapots", wallet: "teapots",
		bio: "Nine teapots, one kettle. Presses change every season, the colour chart is in the forum."},
	{name: "OldMillGarden", lang: "en", from: "Czech Republic", to: "Germany, Austria, Poland", money: "EUR", goods: []string{"weed", "shroom", "weed", "meth", "weed"}, style: 2,
		bio: "Grown by the river. Small garden, so stock goes up and down."},
	{name: "PolarPostman", lang: "en", from: "Finland", to: "Finland, Sweden, Norway", money: "EUR", goods: []string{"benzo", "weed", "amph", "preg", "benzo"}, style: 0, key: "postman",
		bio: "Post goes out at noon, snow or no snow."},
	{name: "QuietOrchard", lang: "en", from: "France", to: "France, Belgium, Switzerland", money: "EUR", goods: []string{"coke", "weed", "hash", "coke", "ket"}, style: 1,
		bio: "Apples do not talk. Neither do we. Four years on three markets that are gone."},
	{name: "RiverGlass404", lang: "en", from: "Portugal", to: "Worldwide except United States, Israel", money: "USD", goods: []string{"meth", "coke", "hash", "ket", "dmt"}, style: 0, wallet: "river",
		bio: "Not found, like the page. Refund half for a lost parcel with ten deals."},
	{name: "SevenSleepers", lang: "en", from: "India", to: "Worldwide", money: "USD", goods: []string{"benzo", "tram", "preg", "ket", "benzo", "benzo"}, style: 0, key: "sleepers", wallet: "sleepers",
		bio: "Blister packs only, never loose. Delivery ten to twenty days."},
	{name: "TinTeapot", lang: "en", from: "Australia", to: "Australia", money: "USD", goods: []string{"mdma", "coke", "lsd", "meth", "weed"}, style: 1,
		bio: "Domestic parcels only. The border is not our friend."},
	{name: "UmberFox", lang: "en", from: "Sweden", to: "Europe", money: "BTC", goods: []string{"amph", "weed", "hash", "benzo", "amph"}, style: 1,
		bio: "The fox counts every gram. Messages are read once a day."},
	{name: "WindmillTwo", lang: "en", from: "Netherlands", to: "Worldwide", money: "BTC", goods: []string{"mdma", "xtc", "ket", "amph", "coke"}, style: 0, key: "windmill", wallet: "windmill",
		bio: "The second windmill, because the first one turned too fast. Quantity discounts from 100 pieces."},
	{name: "AmberRoad", lang: "en", from: "Lithuania", to: "Europe", money: "EUR", goods: []string{"hash", "mef", "amph", "hash", "xtc"}, style: 0,
		bio: "Amber, wax and things the colour of amber."},
	{name: "BlueHeron9", lang: "en", from: "United States", to: "United States, Canada", money: "USD", goods: []string{"coke", "heroin", "meth", "coke", "mdma"}, style: 0, key: "heron",
		bio: "Stands still, strikes once. No custom orders."},
	{name: "CopperKite", lang: "en", from: "Colombia", to: "Worldwide", money: "USD", goods: []string{"coke", "coke", "coke", "ket", "coke"}, style: 1, wallet: "kite",
		bio: "Flies high from the mountains. Only whole units, no samples."},
	{name: "DuneRunner", lang: "en", from: "Uzbekistan", to: "Uzbekistan, Kazakhstan, Kyrgyzstan", money: "UZS", goods: []string{"weed", "hash", "tram", "preg", "weed"}, style: 0, handle: "dune", drop: "Tashkent",
		bio: "Runs at night, rests at noon. Local drops and post inside the region."},
	{name: "EchoPharmacy", lang: "en", from: "", to: "Worldwide", money: "USD", goods: []string{"benzo", "tram", "preg", "benzo", "sim"}, style: 0,
		bio: "Pharmacy without a pharmacist. We say nothing about where it comes from."},
	{name: "FoggyMeadow", lang: "en", from: "Ireland", to: "Ireland, United Kingdom", money: "EUR", goods: []string{"shroom", "lsd", "weed", "ket", "mdma"}, style: 1,
		bio: "Soft ground, soft manners. Small orders welcome."},
	{name: "ТихийДвор", lang: "ru", from: "Россия", to: "Россия", money: "RUB", goods: []string{"mef", "mef", "amph", "hash", "weed"}, style: 0, key: "dvor", wallet: "dvor", handle: "dvor", drop: "Екатеринбург",
		bio: "Тихо, спокойно, без суеты. Магниты и прикопы, фото у оператора."},
	{name: "Лавка_Нигде", lang: "ru", from: "Россия", to: "Россия, Беларусь", money: "RUB", goods: []string{"weed", "hash", "lsd", "mdma", "weed"}, style: 1, handle: "lavka", drop: "Казань",
		bio: "Лавка, которой нет, в городе, который есть. Перезаклад по правилам форума."},
	{name: "ПолярнаяСова", lang: "ru", from: "Россия", to: "Россия", money: "RUB", goods: []string{"coke", "mdma", "lsd", "ket", "coke"}, style: 0, key: "sova", wallet: "sova", drop: "Мурманск",
		bio: "Сова летает ночью. Почта и клады, без предоплаты не разговариваем."},
	{name: "БелыйКаравай", lang: "ru", from: "Россия", to: "Россия, Казахстан", money: "RUB", goods: []string{"mef", "amph", "meth", "mef", "alpha"}, style: 1, handle: "karavay", drop: "Самара",
		bio: "Свежий каравай каждую неделю. Опт от килограмма, розница закладками."},
	{name: "Сайгак", lang: "ru", from: "Казахстан", to: "Казахстан", money: "KZT", goods: []string{"mef", "weed", "hash", "alpha", "weed"}, style: 1, key: "saigak", wallet: "saigak", handle: "saigak", drop: "Астана",
		bio: "Степь большая, сайгак быстрый. Работаем в Астане и Караганде."},
	{name: "АлтынКум", lang: "ru", from: "Узбекистан", to: "Узбекистан", money: "UZS", goods: []string{"weed", "hash", "mef", "tram", "hash"}, style: 0, handle: "altynkum", drop: "Ташкент",
		bio: "Золотой песок. Ташкент и Самарканд, магнит или тайник на выбор."},
	{name: "ДядяВакуум", lang: "ru", from: "Россия", to: "Россия", money: "RUB", goods: []string{"hash", "weed", "weed", "hash", "shroom"}, style: 0, drop: "Пермь",
		bio: "Всё в вакууме, запаха нет. Дядя не спешит, дядя упаковывает."},
	{name: "Туман777", lang: "ru", from: "Кыргызстан", to: "Кыргызстан, Казахстан", money: "USD", goods: []string{"hash", "hash", "mef", "weed", "heroin"}, style: 1, wallet: "tuman", handle: "tuman", drop: "Бишкек",
		bio: "Горы, туман, тишина. Бишкек и Ош."},
	{name: "КедрИКо", lang: "ru", from: "Россия", to: "Россия, Армения, Грузия", money: "RUB", goods: []string{"weed", "shroom", "lsd", "dmt", "weed"}, style: 1,
		bio: "Сибирский лес. Отправляем почтой по вторникам, трек через сутки."},
	{name: "ЯблокоАпорт", lang: "ru", from: "Казахстан", to: "Казахстан, Кыргызстан", money: "KZT", goods: []string{"mdma", "lsd", "xtc", "mef", "coke"}, style: 0, key: "aport", wallet: "aport", handle: "aport", drop: "Алматы",
		bio: "Крупное, красное, алматинское. Клады по всему городу, касание каждый день."},
	{name: "СеверныйЧай", lang: "ru", from: "Россия", to: "Россия", money: "BTC", goods: []string{"amph", "mef", "mdma", "xtc", "ket"}, style: 0,
		bio: "Крепкий чай для холодных ночей. Минимальный заказ указан в каждом лоте."},
	{name: "Верблюд_2", lang: "ru", from: "Таджикистан", to: "Россия, Казахстан, Узбекистан", money: "USD", goods: []string{"heroin", "hash", "hash", "heroin", "anhyd"}, style: 0, wallet: "verblyud",
		bio: "Второй верблюд, первый ушёл. Только опт, розницу не предлагать."},
	{name: "РыбаФугу", lang: "ru", from: "Россия", to: "Россия", money: "RUB", goods: []string{"benzo", "preg", "tram", "ket", "benzo"}, style: 0, handle: "fugu", drop: "Владивосток",
		bio: "Аптечный отдел. Блистеры в заводской упаковке, рецепт не спрашиваем."},
	{name: "Lost_Property", lang: "en", from: "Turkey", to: "Worldwide", money: "USD", goods: []string{"sim", "guard", "sim", "anhyd", "guard"}, style: 0, key: "lost",
		bio: "Things other people left on the train. Nothing to eat, drink or smoke here."},
}
