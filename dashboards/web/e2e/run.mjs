// Walks the dashboards as an analyst would, in Debian's Chromium, and checks
// what it sees: search, facet, listing, provenance, capture, trace, both themes,
// both languages, the keyboard. Works on any workspace with listings; knows
// nothing of its data.
//
//   node e2e/run.mjs LINK      the link that tamga serve printed (or TAMGA_LINK)
//
// TAMGA_SHOTS    a folder for screenshots (or SHOTS); none are taken without it
// TAMGA_HOSTILE  "required": fail unless a capture is found that carries a script
//                and an onerror image. The walk looks for one, opens it
//                and sees that neither ran
// TAMGA_TRACE    a subject to trace; without it, the first address that can be
// TAMGA_FAN      a subject whose trace is too large to draw whole
// CHROMIUM       the browser, /usr/bin/chromium
import { readFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'

const link = process.argv[2] ?? process.env.TAMGA_LINK
if (!link) {
  console.error('usage: node e2e/run.mjs LINK')
  process.exit(2)
}
const base = new URL(link).origin
const shots = process.env.TAMGA_SHOTS || process.env.SHOTS
if (shots) mkdirSync(shots, { recursive: true })
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

const failures = []
let checks = 0
function check(ok, what) {
  checks++
  if (!ok) failures.push(what)
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${what}`)
}

const profile = mkdtempSync(join(tmpdir(), 'tamga-e2e-'))
const browser = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, chromiumSandbox: false,
  viewport: { width: 1500, height: 940 }, colorScheme: 'light', locale: 'en-GB', timezoneId: 'UTC',
  args: ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
    '--disable-sync', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'],
})
const page = browser.pages()[0] ?? (await browser.newPage())
page.setDefaultTimeout(15000)

// What must not happen anywhere on the walk.
const noise = [], outside = []
// What the browser itself logs of an answer that the walk provokes; it may come
// late, so it is taken out when it comes.
let provoked = /^$/
page.on('console', (m) => { if (['error', 'warning'].includes(m.type()) && !provoked.test(m.text())) noise.push(`${m.type()}: ${m.text()}`) })
page.on('pageerror', (e) => noise.push('exception: ' + e.message))
page.on('request', (r) => { if (!r.url().startsWith(base) && !r.url().startsWith('data:')) outside.push(r.url()) })
await page.addInitScript(() => {
  globalThis.__violations = []
  document.addEventListener('securitypolicyviolation', (e) => globalThis.__violations.push(`${e.violatedDirective} ${e.blockedURI} ${e.sample}`))
})

const violations = []
async function look(name, { axe = true } = {}) {
  violations.push(...(await page.evaluate(() => globalThis.__violations.splice(0))))
  for (const scheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme: scheme })
    await page.waitForFunction((s) => document.documentElement.dataset.theme === s, scheme)
    await page.waitForTimeout(200) // colour transitions end
    if (shots) await page.screenshot({ path: join(shots, `${name}-${scheme}.png`) })
    if (!axe) continue
    await page.evaluate(axeSource)
    // A theme changes colours alone: the second look is at contrast.
    const rules = scheme === 'light' ? ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] : { type: 'rule', values: ['color-contrast', 'link-in-text-block'] }
    const found = await page.evaluate((runOnly) =>
      axe.run({ runOnly }).then((r) =>
        r.violations.map((v) => `${v.id} (${v.impact}): ${v.nodes.slice(0, 3).map((n) => n.target.join(' ') + ' ' + (n.any[0]?.message ?? '')).join('; ')}`)), rules)
    check(found.length === 0, `${name}, ${scheme}: axe finds nothing${found.length ? ': ' + found.join(' | ') : ''}`)
  }
  await page.emulateMedia({ colorScheme: 'light' })
}

const total = async () => {
  await page.waitForFunction(() => document.querySelector('.results[aria-busy="false"] [role=status] b'))
  return Number((await page.locator('.results [role=status] b').first().innerText()).replace(/\D/g, ''))
}

// findHostile returns the number of a capture that carries both kinds of attack,
// asking the API as the page does.
const findHostile = () => page.evaluate(async () => {
  const ask = async (call) => (await fetch('/api/' + call)).json()
  for (let cursor = '', pages = 0; pages < 10; pages++) {
    const found = await ask('search?kind=capture&size=200&cursor=' + encodeURIComponent(cursor))
    for (const hit of found.hits) {
      if (hit.seq == null) continue
      const source = await ask('source?seq=' + hit.seq)
      const text = (source.runs ?? []).map((r) => r.t).join('')
      if (/<script[^>]*>[^<]*__pwned/i.test(text) && /<img[^>]*onerror/i.test(text)) return hit.seq
    }
    if (!(cursor = found.next)) break
  }
  return null
})

// findPaid returns a listing with a wallet whose value moved on.
const findPaid = () => page.evaluate(async () => {
  const ask = async (call) => (await fetch('/api/' + call)).json()
  const { hits } = await ask('search?kind=listing&size=200&q=' + encodeURIComponent('address:*'))
  for (const hit of hits) {
    for (const address of hit.fields.address.slice(0, 3)) {
      const trace = await ask('trace?hops=3&subject=' + encodeURIComponent(address))
      if (trace.hops?.length) return { id: hit.id, address }
    }
  }
  return null
})

// watch looks at what changed, at alerts and at sources, in both themes and on a
// narrow screen.
async function watch() {
  await page.getByRole('link', { name: 'Watch', exact: true }).click()
  await page.getByTestId('changes').waitFor()
  const lines = page.getByTestId('changes').locator('li')
  check((await lines.count()) > 3, `${await lines.count()} changes are listed`)
  await look('changes')
  const wallet = lines.filter({ has: page.locator('.chip', { hasText: /^Wallet$/ }) }).first().getByRole('button')
  await wallet.focus()
  await page.keyboard.press('Enter')
  await page.waitForURL(/sel=/)
  const compare = page.getByTestId('compare')
  await compare.locator('pre mark').nth(1).waitFor()
  const [before, after] = [await compare.locator('pre').nth(0).innerText(), await compare.locator('pre').nth(1).innerText()]
  const [was, is] = [(await compare.locator('del').innerText()).trim(), (await compare.locator('ins').innerText()).trim()]
  check(was !== is && before.includes(was) && after.includes(is) && !after.includes(was), 'a changed wallet stands in both captures, side by side')
  await look('change-compared')
  await page.setViewportSize({ width: 390, height: 844 })
  check(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'the comparison fits 390 px')
  await look('change-compared-small')
  await page.setViewportSize({ width: 1500, height: 940 })
  await page.goBack()
  await page.goto(base + '/changes?change=gone')
  await page.getByTestId('changes').waitFor()
  check((await page.getByTestId('changes').locator('li').count()) >= 1, 'changes can be narrowed to those that are gone')
  await page.goto(base + '/changes?q=nothing-of-that-name')
  await page.getByText('Nothing matches').waitFor()

  await page.getByRole('navigation', { name: 'What is watched' }).getByRole('link', { name: 'Alerts' }).click()
  await page.getByTestId('alerts').waitFor()
  check(/Another wallet/.test(await page.getByTestId('alerts').innerText()), 'the alerts tell of the wallet')
  await look('alerts')
  await page.setViewportSize({ width: 390, height: 844 })
  check(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'the alerts fit 390 px')
  await look('alerts-small')
  await page.setViewportSize({ width: 1500, height: 940 })
  await page.getByTestId('alerts').locator('li', { hasText: 'Another wallet' }).first().getByRole('link').first().click()
  await page.getByTestId('compare').waitFor()
  check(true, 'an alert leads to its comparison')

  await page.getByRole('navigation', { name: 'What is watched' }).getByRole('link', { name: 'Sources' }).click()
  await page.getByTestId('sources').waitFor()
  check((await page.getByTestId('sources').locator('svg rect').count()) > 0, 'the sources have a series of checks')
  await look('sources')
  await page.setViewportSize({ width: 390, height: 844 })
  check(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'the sources fit 390 px')
  await look('sources-small')
  await page.setViewportSize({ width: 1500, height: 940 })
  check((await page.evaluate(() => document.querySelectorAll('main img, main script, main iframe').length)) === 0 && (await page.evaluate(() => globalThis.__pwned)) === undefined, 'no name on the way ran')

  // A page that is captured on several hosts says so.
  const twice = await page.evaluate(async () => {
    const ask = async (call) => (await fetch('/api/' + call)).json()
    for (const kind of ['listing', 'vendor']) {
      for (const hit of (await ask(`search?size=60&kind=${kind}`)).hits) {
        if ((await ask('document?id=' + encodeURIComponent(hit.id))).also_seen_at) return hit.id
      }
    }
  })
  if (twice) {
    await page.goto(base + '/listing?id=' + encodeURIComponent(twice))
    await page.getByText('Also seen at').waitFor()
    await look('also-seen', { axe: false })
  }
}

async function walk() {
  // The door.
  const stranger = await page.request.get(base + '/api/status', { headers: { cookie: '' } })
  check(stranger.status() === 401, 'without a session the API says 401')
  await page.goto(link)
  check(!page.url().includes('token'), 'the token has left the address bar')
  const cookies = await browser.cookies(base)
  check(cookies.length === 1 && cookies[0].httpOnly && cookies[0].sameSite === 'Strict', 'one cookie, HttpOnly and SameSite=Strict')
  const again = await fetch(link, { redirect: 'manual' })
  check(again.status === 401, 'the link does not work a second time')

  // Search.
  await page.locator('.hits li').first().waitFor()
  const all = await total()
  check(all > 0, `the start: ${all} documents`)
  const offers = await page.locator('nav a[data-kind=listing][aria-current]').count()
  check(offers === 1, 'the start shows the listings')
  check((await page.locator('.hits .title').first().innerText()).trim() !== '', 'a result has a title')
  check((await page.locator('figure svg rect.bar').count()) > 0, 'the histogram has bars')
  check((await page.locator('.preview h2').innerText()).length > 0, 'the preview shows the first result')
  await look('search')

  // Keyboard.
  await page.keyboard.press('j')
  await page.waitForFunction(() => document.querySelector('.hits li.selected')?.id === 'hit-1')
  check(page.url().includes('sel='), 'j selects the next result, and the address says so')
  await page.keyboard.press('k')
  await page.waitForFunction(() => document.querySelector('.hits li.selected')?.id === 'hit-0')
  await page.keyboard.press('?')
  check(await page.locator('dialog[open]').isVisible(), '? opens the help')
  await look('help')
  await page.keyboard.press('Escape')
  await page.keyboard.press('/')
  check(await page.evaluate(() => document.activeElement?.name === 'q'), '/ goes to the search box')

  // Words from a title find it.
  const words = (await page.locator('.hits .title').nth(1).innerText()).match(/[\p{L}]{4,}/gu)?.[0] ?? ''
  await page.keyboard.type(words)
  await page.keyboard.press('Enter')
  await page.waitForURL(/[?&]q=/)
  const some = await total()
  check(some > 0 && some <= all, `"${words}": ${some} of ${all}`)
  await page.goBack()
  check((await total()) === all, 'Back restores the earlier answer')

  // A facet narrows, a second value of it widens.
  await page.locator('.facets input').first().waitFor()
  const boxes = page.locator('.facets input[data-facet=vendor]')
  const count = async (i) => Number(await boxes.nth(i).getAttribute('data-count'))
  const one = await count(0)
  await boxes.nth(0).click()
  await page.waitForURL(/vendor=/)
  check((await total()) === one, `one vendor: ${one} documents, as the facet said`)
  if ((await boxes.count()) > 1) {
    const two = await count(1)
    await boxes.nth(1).click()
    await page.waitForFunction(() => new URLSearchParams(location.search).getAll('vendor').length === 2)
    check((await total()) === one + two, `two vendors: ${one + two} documents`)
  }
  check((await page.locator('.chosen .chip').count()) >= 1, 'filters in force are shown')
  const before = await total()
  await page.reload()
  check((await total()) === before, 'the address carries the whole state')
  await look('facet')
  await page.goto(base + '/search')
  const everything = await total()
  check(everything >= all, `everything: ${everything} documents`)
  await look('everything', { axe: false })

  // The histogram narrows by dragging.
  const plot = await page.locator('figure svg').boundingBox()
  await page.mouse.move(plot.x + 4, plot.y + 20)
  await page.mouse.down()
  await page.mouse.move(plot.x + plot.width * 0.3, plot.y + 20, { steps: 4 })
  await page.mouse.up()
  await page.waitForURL(/from_day=/)
  check((await total()) <= everything, `days dragged over: ${await total()} of ${everything}`)

  // Nothing, and an error, say what to do.
  await page.goto(base + '/search?q=zqxjkvwyzzyzx')
  await page.getByText('Nothing matches').waitFor()
  await look('empty')
  provoked = /status of 404/
  await page.goto(base + '/capture?seq=999999999')
  await page.locator('[role=alert]').waitFor()
  await look('error')

  // A listing, its values, where they came from.
  await page.goto(base + '/search?kind=listing')
  await page.locator('.hits li').first().waitFor()
  const title = (await page.locator('.hits .title').first().innerText()).trim()
  await page.locator('.hits .title').first().click()
  await page.waitForURL(/\/listing\?id=/)
  await page.locator('.hit').first().waitFor()
  check((await page.locator('h1').innerText()).trim() === title, `listing opens: ${title.slice(0, 50)}`)
  check((await page.locator('.hit').count()) >= 2, `${await page.locator('.hit').count()} values highlighted in the text`)
  await look('listing')
  await page.locator('.hit[data-type=price], .hit').first().click()
  const prov = page.getByTestId('provenance')
  await prov.waitFor()
  const said = await prov.innerText()
  check(/\b[0-9a-f]{64}\b/.test(said), 'provenance names the SHA-256')
  check(/@\d/.test(said) && /UTC/.test(said) && /https?:\/\//.test(said), 'provenance names rule, times and URL')
  check((await prov.locator('mark').innerText()).length > 0, 'provenance shows the source around the value')
  await look('provenance')

  // Its capture: text, source as text, headers, raw as a download.
  await prov.getByRole('link', { name: /^Capture \d/ }).click()
  await page.waitForURL(/\/capture\?seq=/)
  await page.getByRole('tab', { name: 'Source' }).click()
  await page.locator('.text.code').waitFor()
  check((await page.locator('.text.code').innerText()).includes('<'), 'the source is shown as text')
  check((await page.locator('details pre').last().innerText()).startsWith('HTTP/'), 'the response head is shown')
  await look('capture')
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download raw bytes' }).click()])
  check(download.suggestedFilename().endsWith('.bin'), 'the raw bytes are a download: ' + download.suggestedFilename())
  const raw = await page.request.get(download.url())
  check(raw.headers()['content-type'] === 'application/octet-stream' && /sandbox/.test(raw.headers()['content-security-policy']), 'raw has no type, and a sandbox')

  // A page that would like to run something.
  const hostile = await findHostile()
  if (hostile != null) {
    await page.goto(base + '/capture?seq=' + hostile)
    await page.locator('.text').first().waitFor()
    await look('hostile-text', { axe: false })
    await page.getByRole('tab', { name: 'Source' }).click()
    await page.locator('.text.code').waitFor()
    const source = await page.locator('.text.code').innerText()
    check(/<script/i.test(source) && /onerror/i.test(source), 'the hostile source is there, as text')
    await look('hostile', { axe: false })
    check((await page.evaluate(() => document.querySelectorAll('.text script, .text img, h1 img, .hits img').length)) === 0, 'no element was made of it')
    check((await page.evaluate(() => globalThis.__pwned)) === undefined, 'its script and its onerror did not run')
  } else {
    check(process.env.TAMGA_HOSTILE !== 'required', 'a hostile page is there to look at')
  }

  const { watches } = await page.evaluate(async () => (await fetch('/api/status')).json())
  if (watches) await watch()

  // The money.
  let subject = process.env.TAMGA_TRACE
  if (!subject) {
    const found = await findPaid()
    check(found != null, 'a listing names a wallet that paid on')
    await page.goto(base + '/listing?id=' + encodeURIComponent(found.id))
    await page.locator('.hit').first().waitFor()
    await look('wallet', { axe: false })
    await page.getByRole('link', { name: 'Trace ' + found.address.slice(0, 10) }).first().click()
    await page.waitForURL(/\/trace\?/)
  } else {
    await page.goto(base + '/trace?subject=' + encodeURIComponent(subject))
  }
  await page.locator('.claim').waitFor()
  check(/not a fact/.test(await page.locator('.claim').innerText()), 'the trace says that it is a claim')
  await page.locator('.flow canvas').first().waitFor()
  await page.waitForTimeout(400)
  const drawn = await page.evaluate(() => [...document.querySelectorAll('.flow canvas')].some((c) => {
    const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data
    return d.some((v, i) => i % 4 === 3 && v > 0)
  }))
  check(drawn, 'the graph is drawn')
  const rows = page.locator('details table tbody tr')
  check((await rows.count()) > 0, `the table has ${await rows.count()} hops`)
  await look('trace')
  await rows.first().locator('button').click()
  await page.waitForURL(/sel=/)
  const details = await page.getByTestId('flow-details').innerText()
  check(/\b[0-9a-f]{64}\b/.test(details) && /BTC/.test(details) && /sat/.test(details), 'the selection shows txid and exact amounts')
  await look('trace-selected')
  await page.getByText('← Where from').click()
  await page.waitForURL(/direction=backward/)
  await page.locator('.claim, .notice').first().waitFor()
  await look('trace-backward')

  // A trace too large to draw says what it leaves out; the table has it all.
  if (process.env.TAMGA_FAN) {
    await page.goto(base + '/trace?subject=' + encodeURIComponent(process.env.TAMGA_FAN))
    const all = page.getByRole('button', { name: 'Draw all' })
    await all.waitFor()
    await look('trace-fan', { axe: false })
    await all.click()
    await all.waitFor({ state: 'detached' })
    check(true, 'a large trace is drawn in part, then whole')
  }

  // The other language, and a small screen.
  await page.goto(base + '/search')
  await page.getByLabel('Language').first().selectOption('ru')
  await page.getByRole('link', { name: 'Поиск', exact: true }).waitFor()
  check((await page.evaluate(() => document.documentElement.lang)) === 'ru', 'Russian, and the page says so')
  await total()
  await look('search-ru')
  await page.setViewportSize({ width: 420, height: 860 })
  await look('search-small')
  check(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'a small screen does not scroll sideways')
  await page.getByLabel('Язык').first().selectOption('en')
  await page.setViewportSize({ width: 1500, height: 940 })

  // Locking ends the session.
  provoked = /status of 401/
  await page.getByRole('button', { name: /^Lock/ }).click()
  await page.getByRole('heading', { name: 'Locked' }).waitFor()
  if (shots) await page.screenshot({ path: join(shots, 'locked.png') })
}

try {
  await walk()
} catch (e) {
  check(false, 'the walk went through: ' + e.message.split('\n').slice(0, 6).join(' / '))
  if (shots) await page.screenshot({ path: join(shots, 'failure.png') }).catch(() => {})
}
check(violations.length === 0, `no CSP or Trusted Types violation${violations.length ? ': ' + violations.join(' | ') : ''}`)
check(noise.length === 0, `no console error${noise.length ? ': ' + noise.join(' | ') : ''}`)
check(outside.length === 0, `no request to another origin${outside.length ? ': ' + outside.join(' | ') : ''}`)
await browser.close()
rmSync(profile, { recursive: true, force: true })
console.log(`${checks - failures.length} of ${checks} checks passed`)
process.exit(failures.length ? 1 : 0)
