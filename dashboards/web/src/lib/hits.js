import { list } from './format.js'

// Facets in the order they are shown; each is a field of the index and a
// parameter of the address. The kind is one too, shown above the results.
export const facets = ['market', 'vendor', 'substances', 'category', 'from', 'to', 'currency', 'language']

// A hit's title, whatever its kind: a listing and a page have one; a vendor has
// a name; a post has its first words.
export function titleOf(hit) {
  const f = hit.fields
  return f.title || f.name || f.vendor || (f.text ?? '').slice(0, 120) || f.url || hit.id
}

// open is where a hit is read: a capture in its own view, the rest as documents.
export const open = (hit) => (hit.kind === 'capture' && hit.seq != null ? '/capture?seq=' + hit.seq : '/listing?id=' + encodeURIComponent(hit.id))
export const routeOf = (f) => ({ from: list(f.from), to: list(f.to) })
