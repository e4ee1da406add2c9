// From a trace to a drawing. Money runs left to right whatever the direction of
// the trace: a transaction stands between the outputs it spends and the ones it
// makes. Two kinds of node, outputs and transactions; an edge carries the sum of
// the hops that use it, in satoshis as BigInt.

const outId = (txid, n) => `o:${txid}:${n}`

export function flowOf(trace) {
  const nodes = new Map(), edges = new Map()
  const node = (id, make) => {
    if (!nodes.has(id)) nodes.set(id, { id, ...make })
    return nodes.get(id)
  }
  const edge = (source, target, amount, hop) => {
    const id = `${source}>${target}`
    const e = edges.get(id) ?? { id, source, target, amount: 0n, hops: 0 }
    e.amount += BigInt(hop.amount)
    e.hops++
    edges.set(id, e)
  }
  const back = trace.direction === 'backward'
  for (const h of trace.hops ?? []) {
    // Columns count outwards from the subject; a backward trace is mirrored.
    const near = 2 * h.depth - 2, mid = 2 * h.depth - 1, far = 2 * h.depth
    const inId = h.in.coinbase ? `c:${h.txid}` : outId(h.in.txid, h.in.vout)
    const i = node(inId, { kind: h.in.coinbase ? 'coinbase' : 'output', txid: h.in.txid, n: h.in.vout, address: h.in.address, value: h.in.value, column: back ? -far : near })
    if (i.value == null && h.in.value != null) i.value = h.in.value
    const t = node('t:' + h.txid, { kind: 'tx', txid: h.txid, height: h.height, time: h.time, column: back ? -mid : mid })
    const o = node(outId(h.txid, h.out.n), { kind: 'output', txid: h.txid, n: h.out.n, address: h.out.address, value: h.out.value, column: back ? -near : far })
    o.address ??= h.out.address
    edge(i.id, t.id, h.amount, h)
    edge(t.id, o.id, h.amount, h)
  }
  for (const e of trace.ends ?? []) {
    if (e.reason === 'fee') continue // a part of an input: the rest of it went on
    const n = nodes.get(outId(e.txid, e.vout)) ?? nodes.get(`c:${e.txid}`)
    if (n) n.end = e.reason
  }
  for (const n of nodes.values()) n.subject = isSubject(n, trace.subject)
  stretch(nodes, [...edges.values()], back)
  return { nodes: [...nodes.values()], edges: [...edges.values()] }
}

// endsOf counts the ends of a trace by reason, the most frequent first.
export function endsOf(trace) {
  const m = new Map()
  for (const e of trace?.ends ?? []) m.set(e.reason, (m.get(e.reason) ?? 0) + 1)
  return [...m].toSorted((a, b) => b[1] - a[1])
}

// stretch moves nodes outwards until every arrow points right: value that went
// two ways of unequal length to one place stands behind both. A ledger has no
// cycles; the count of rounds bounds what a broken one could cost.
function stretch(nodes, edges, back) {
  for (let round = 0, moved = true; moved && round <= nodes.size; round++) {
    moved = false
    for (const e of edges) {
      const a = nodes.get(e.source), b = nodes.get(e.target)
      if (a.column < b.column) continue
      moved = true
      back ? (a.column = b.column - 1) : (b.column = a.column + 1)
    }
  }
}

function isSubject(n, subject) {
  if (n.kind === 'tx') return n.txid === subject
  return n.address === subject || `${n.txid}:${n.n}` === subject
}

// layered places nodes in their columns. Within a column the order is the
// barycentre of the neighbours, swept both ways a few times (Sugiyama, Tagawa,
// Toda 1981); ties keep the order of the trace, so the same trace always gives
// the same drawing.
//
// Columns with even numbers hold outputs, odd ones transactions: the arrow into
// a transaction is the shorter, since it rarely carries a label.
export function layered({ nodes, edges }, gapIn = 128, gapOut = 158, gapY = 66) {
  const columns = new Map()
  for (const n of nodes) columns.set(n.column, [...(columns.get(n.column) ?? []), n.id])
  const keys = [...columns.keys()].toSorted((a, b) => a - b)
  const near = new Map(nodes.map((n) => [n.id, []]))
  for (const e of edges) {
    near.get(e.source).push(e.target)
    near.get(e.target).push(e.source)
  }
  const y = new Map()
  const place = (k) => columns.get(k).forEach((id, i, all) => y.set(id, (i - (all.length - 1) / 2) * gapY))
  keys.forEach(place)
  for (let sweep = 0; sweep < 6; sweep++) {
    for (const k of sweep % 2 ? keys.toReversed() : keys) {
      const mean = (id) => {
        const ys = near.get(id).map((o) => y.get(o))
        return ys.length ? ys.reduce((a, b) => a + b, 0) / ys.length : y.get(id)
      }
      const order = new Map(columns.get(k).map((id) => [id, mean(id)]))
      columns.get(k).sort((a, b) => order.get(a) - order.get(b))
      place(k)
    }
  }
  const x = (column) => Math.floor(column / 2) * (gapIn + gapOut) + (column % 2 ? gapIn : 0)
  return new Map(nodes.map((n) => [n.id, { x: x(n.column), y: y.get(n.id) }]))
}
