// The colours of the finding types: Okabe and Ito's palette, one colour a
// family, always with the type's name beside it in the legend and the details.
export const family = {
  address: 'money', txid: 'money', price: 'price', quantity: 'amount', purity: 'amount', form: 'amount',
  substance: 'substance', route: 'place', place: 'place', drop: 'place',
  handle: 'contact', account: 'contact', phone: 'contact', email: 'contact',
  pgp: 'key', onion: 'key', url: 'key', secret: 'key', date: 'other',
}

export const familyOf = (type) => family[type] ?? 'other'

// strongest picks the finding that colours a place several cover: the shortest,
// since it is the most exact.
export function strongest(ids, findings) {
  let best = ids[0]
  for (const id of ids) {
    const a = findings[id], b = findings[best]
    if (a && b && a.end - a.start < b.end - b.start) best = id
  }
  return best
}
