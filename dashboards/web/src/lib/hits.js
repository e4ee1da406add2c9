import { list } from './format.js'

// Facets in the order they are shown; each is a field of the index and a
// parameter of the address.
export const facets = ['kind', 'market', 'vendor', 'substances', 'category', 'from', 'to', 'currency', 'language']

// A hit's title, whatever its kind: a listing and a page have one; a vendor has
// a name; a post has its first words.
export function titleOf(hit) {
  const f = hit.fields
  return f.title || f.name || f.vendor || (f.text ?? '').slice(0, 120) || f.url || hit.id
}

export const open = (hit) => '/listing?id=' + encodeURIComponent(hit.id)
export const routeOf = (f) => ({ from: list(f.from), to: list(f.to) })
