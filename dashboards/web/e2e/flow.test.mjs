// The drawing of a trace: node --test e2e/flow.test.mjs
import assert from 'node:assert/strict'
import test from 'node:test'
import { flowOf, layered } from '../src/lib/flow.js'

const hop = (depth, txid, from, n, amount) => ({ depth, txid, in: { txid: from[0], vout: from[1], address: `a${from.join(':')}`, value: '900' }, out: { n, address: `a${txid}:${n}`, value: '700' }, amount })

const forward = {
  subject: 'aS:0', direction: 'forward', method: 'fifo',
  hops: [hop(1, 'T1', ['S', 0], 0, '600'), hop(1, 'T1', ['S', 0], 1, '300'), hop(2, 'T2', ['T1', 0], 0, '9007199254740993'), hop(2, 'T2', ['T1', 1], 0, '300')],
  ends: [{ txid: 'T2', vout: 0, reason: 'unspent' }],
}

test('a forward trace runs left to right', () => {
  const flow = flowOf(forward)
  const at = layered(flow)
  for (const e of flow.edges) assert.ok(at.get(e.source).x < at.get(e.target).x, e.id)
  assert.equal(flow.nodes.filter((n) => n.kind === 'tx').length, 2)
  assert.equal(flow.nodes.filter((n) => n.kind === 'output').length, 4)
  assert.equal(flow.nodes.find((n) => n.subject).id, 'o:S:0')
  assert.equal(flow.nodes.find((n) => n.id === 'o:T2:0').end, 'unspent')
})

test('amounts add up exactly, beyond what a float holds', () => {
  const flow = flowOf(forward)
  const into = flow.edges.find((e) => e.id === 't:T2>o:T2:0')
  assert.equal(into.amount, 9007199254741293n)
  assert.equal(into.hops, 2)
  assert.equal(flow.edges.find((e) => e.id === 'o:S:0>t:T1').amount, 900n)
})

test('a backward trace runs left to right too, the subject last', () => {
  const flow = flowOf({
    subject: 'aT1:0', direction: 'backward', method: 'fifo',
    hops: [hop(1, 'T1', ['P', 0], 0, '5'), { depth: 2, txid: 'P', in: { coinbase: true }, out: { n: 0, value: '5' }, amount: '5' }],
    ends: [{ txid: 'P', vout: 0, reason: 'coinbase' }],
  })
  const at = layered(flow)
  for (const e of flow.edges) assert.ok(at.get(e.source).x < at.get(e.target).x, e.id)
  const right = flow.nodes.toSorted((a, b) => at.get(b.id).x - at.get(a.id).x)[0]
  assert.equal(right.id, 'o:T1:0')
  assert.ok(right.subject)
  assert.ok(flow.nodes.some((n) => n.kind === 'coinbase'))
})

test('value that meets again stands behind both ways', () => {
  const ways = [hop(1, 'T1', ['S', 0], 0, '5'), hop(1, 'T1', ['S', 0], 1, '5'), hop(2, 'T3', ['T1', 0], 0, '5'), hop(2, 'T2', ['T1', 1], 0, '5'), hop(3, 'T3', ['T2', 0], 0, '5'), hop(3, 'T4', ['T3', 0], 0, '5')]
  for (const direction of ['forward', 'backward']) {
    const hops = direction === 'forward' ? ways : ways.map((h) => ({ ...h, depth: 5 - h.depth }))
    const flow = flowOf({ ...forward, direction, hops, ends: [] })
    const at = layered(flow)
    for (const e of flow.edges) assert.ok(at.get(e.source).x < at.get(e.target).x, `${direction} ${e.id}`)
  }
})

test('no two nodes stand in one place, and the drawing is always the same', () => {
  const hops = []
  for (let d = 1; d <= 5; d++) for (let b = 0; b < 20; b++) hops.push(hop(d, `T${d}x${b}`, d === 1 ? ['S', b] : [`T${d - 1}x${(b * 7) % 20}`, 0], 0, '1'))
  const flow = flowOf({ ...forward, hops, ends: [] })
  const at = layered(flow)
  const places = new Set([...at.values()].map((p) => `${p.x},${p.y}`))
  assert.equal(places.size, flow.nodes.length)
  assert.deepEqual([...layered(flowOf({ ...forward, hops, ends: [] }))], [...at])
})

test('a trace without hops draws nothing', () => {
  const flow = flowOf({ subject: 'x', direction: 'forward', method: 'fifo', hops: null, ends: null })
  assert.deepEqual(flow, { nodes: [], edges: [] })
  assert.equal(layered(flow).size, 0)
})
