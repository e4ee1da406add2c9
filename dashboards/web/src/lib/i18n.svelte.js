import en from '../locales/en.json'
import ru from '../locales/ru.json'

const catalogues = { en, ru }
export const languages = Object.keys(catalogues)

function start() {
  const kept = localStorage.getItem('tamga-language')
  if (kept in catalogues) return kept
  return navigator.languages?.map((l) => l.slice(0, 2)).find((l) => l in catalogues) ?? 'en'
}

export const i18n = $state({ lang: start() })

export function setLanguage(lang) {
  i18n.lang = lang
  localStorage.setItem('tamga-language', lang)
}

// t returns the message of key. {name} is replaced from values; a message that
// is an object is chosen by the plural form of values.n.
export function t(key, values = {}) {
  let m = catalogues[i18n.lang][key] ?? en[key] ?? key
  if (typeof m === 'object') m = m[new Intl.PluralRules(i18n.lang).select(values.n)] ?? m.other
  return m.replace(/\{(\w+)\}/g, (_, k) => (k === 'n' && typeof values.n === 'number' ? number(values.n) : (values[k] ?? '')))
}

// name returns the message of a vocabulary word ("kind.listing"), or the word.
export function name(space, word) {
  const key = `${space}.${word}`
  return catalogues[i18n.lang][key] ?? en[key] ?? word
}

export const number = (n) => new Intl.NumberFormat(i18n.lang).format(n)
