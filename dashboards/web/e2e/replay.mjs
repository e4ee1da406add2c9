// Replays a WACZ with wabac's service worker in Chromium:
//   node e2e/replay.mjs FILE.wacz < urls.json
// where urls.json is [{"url","ts","sha256","size"}]: each must come back with that
// body. Prints a line a URL; exits 1 where one does not.
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { mkdtempSync, readFileSync, rmSync, statSync, createReadStream } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'

const require = createRequire(import.meta.url)
const [file] = process.argv.slice(2)
const wanted = JSON.parse(readFileSync(0, 'utf8'))
const worker = readFileSync(join(require.resolve('@webrecorder/wabac').replace(/wabac\/.*/, 'wabac'), 'dist', 'sw.js'))
const size = statSync(file).size

const server = createServer((req, res) => {
  const path = new URL(req.url, 'http://x').pathname
  if (path === '/sw.js') return res.writeHead(200, { 'content-type': 'text/javascript' }).end(worker)
  if (path === '/') return res.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>replay</title>')
  if (path !== '/a.wacz') return res.writeHead(404).end()
  const range = /^bytes=(\d*)-(\d*)$/.exec(req.headers.range ?? '')
  if (!range) {
    res.writeHead(200, { 'content-length': size, 'accept-ranges': 'bytes' })
    return req.method === 'HEAD' ? res.end() : createReadStream(file).pipe(res)
  }
  // A range from the end of a file that is smaller is the whole file.
  const start = range[1] === '' ? Math.max(0, size - Number(range[2])) : Number(range[1])
  const end = range[1] === '' || range[2] === '' ? size - 1 : Math.min(Number(range[2]), size - 1)
  res.writeHead(206, { 'content-length': end - start + 1, 'content-range': `bytes ${start}-${end}/${size}`, 'accept-ranges': 'bytes' })
  return req.method === 'HEAD' ? res.end() : createReadStream(file, { start, end }).pipe(res)
})
await new Promise((done) => server.listen(0, '127.0.0.1', done))
const base = `http://127.0.0.1:${server.address().port}`

const profile = mkdtempSync(join(tmpdir(), 'tamga-replay-'))
const browser = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, chromiumSandbox: false,
  args: ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
    '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'],
})
let bad = 0
try {
  const page = await browser.newPage()
  await page.goto(base + '/')
  await page.evaluate(async (base) => {
    const controlled = new Promise((done) => navigator.serviceWorker.addEventListener('controllerchange', done, { once: true }))
    await navigator.serviceWorker.register('/sw.js')
    if (!navigator.serviceWorker.controller) await controlled
    await new Promise((done, fail) => {
      setTimeout(() => fail(new Error('wabac did not load the file')), 30000)
      navigator.serviceWorker.addEventListener('message', ({ data }) => {
        if (data.msg_type === 'collAdded') done()
        if (data.msg_type === 'collProgress' && data.error) fail(new Error(data.error))
      })
      navigator.serviceWorker.controller.postMessage({ msg_type: 'addColl', name: 't', file: { sourceUrl: base + '/a.wacz', name: 'a.wacz' } })
    })
  }, base)
  for (const want of wanted) {
    const got = await page.evaluate(async (url) => {
      const r = await fetch(url)
      return { status: r.status, body: Array.from(new Uint8Array(await r.arrayBuffer())) }
    }, `${base}/w/t/${want.ts}id_/${want.url}`)
    const sum = createHash('sha256').update(Buffer.from(got.body)).digest('hex')
    const ok = got.status === 200 && got.body.length === want.size && sum === want.sha256
    if (!ok) bad++
    console.log(`${ok ? 'ok' : 'BAD'} ${got.status} ${got.body.length} ${want.url}`)
  }
} finally {
  await browser.close()
  server.close()
  rmSync(profile, { recursive: true, force: true })
}
process.exit(bad ? 1 : 0)
