import { i18n, t } from './i18n.svelte.js'

const steps = [
  ['year', 31536000], ['month', 2592000], ['week', 604800], ['day', 86400], ['hour', 3600], ['minute', 60], ['second', 1],
]

// ago is a relative time; the exact one stands beside it in a title.
export function ago(time, now = Date.now()) {
  const s = (new Date(time).getTime() - now) / 1000
  const [unit, size] = steps.find(([, size]) => Math.abs(s) >= size) ?? ['second', 1]
  return new Intl.RelativeTimeFormat(i18n.lang, { numeric: 'auto' }).format(Math.round(s / size), unit)
}

// utc is the exact time, to the second.
export const utc = (time) => new Date(time).toISOString().replace('T', ' ').replace(/\.\d+Z$|Z$/, ' UTC')

export const day = (d) =>
  new Intl.DateTimeFormat(i18n.lang, { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' }).format(new Date(d))

// btc prints satoshis exactly: a string of base units in, no float on the way.
export function btc(sat) {
  const n = BigInt(sat)
  const sign = n < 0n ? '−' : ''
  const s = (n < 0n ? -n : n).toString().padStart(9, '0')
  const frac = s.slice(-8).replace(/0+$/, '').padEnd(2, '0')
  return `${sign}${grouped(s.slice(0, -8))}.${frac}`
}

const grouped = (digits) => digits.replace(/\B(?=(\d{3})+$)/g, '\u202f')
export const satoshi = (sat) => `${grouped(String(sat))} sat`

// price prints a decimal string in its currency's main unit, digits untouched.
export function price(amount, currency) {
  if (!amount) return ''
  const [whole, frac] = String(amount).split('.')
  return `${grouped(whole)}${frac ? '.' + frac : ''}${currency ? '\u00a0' + currency : ''}`
}

export function country(code) {
  if (code === 'WW') return t('worldwide')
  try {
    return new Intl.DisplayNames(i18n.lang, { type: 'region' }).of(code) ?? code
  } catch {
    return code
  }
}

export function language(code) {
  try {
    return new Intl.DisplayNames(i18n.lang, { type: 'language' }).of(code) ?? code
  } catch {
    return code
  }
}

export const short = (s, n = 8) => (s && s.length > 2 * n + 1 ? `${s.slice(0, n)}…${s.slice(-n)}` : (s ?? ''))

export function bytes(n) {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte']
  let i = 0
  while (n >= 1000 && i < units.length - 1) { n /= 1000; i++ }
  return new Intl.NumberFormat(i18n.lang, { style: 'unit', unit: units[i], unitDisplay: 'short', maximumFractionDigits: 1 }).format(n)
}

export const list = (v) => (v == null || v === '' ? [] : Array.isArray(v) ? v : [v])
