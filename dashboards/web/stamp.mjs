// Writes ../dist/build.json: the digest of all that the application is built
// from, and of all that was built. A Go test recomputes both, so that a dist
// that does not belong to its sources cannot be committed unseen.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'

const web = new URL('.', import.meta.url).pathname

function files(dir, keep) {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((e) => e.isFile())
    .map((e) => `${e.parentPath}/${e.name}`.replaceAll('//', '/').slice(dir.length))
    .filter(keep)
}

// One line a file: digest, two spaces, path; sorted by path bytes. The digest
// of those lines is the answer.
function digest(dir, names) {
  const lines = names
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map((n) => `${createHash('sha256').update(readFileSync(dir + n)).digest('hex')}  ${n}\n`)
  return createHash('sha256').update(lines.join('')).digest('hex')
}

const inputs = ['index.html', 'package.json', 'package-lock.json', 'vite.config.js', 'stamp.mjs']
for (const dir of ['src', 'public']) inputs.push(...files(`${web}${dir}/`, () => true).map((n) => `${dir}/${n}`))
const dist = new URL('../dist/', import.meta.url).pathname
const out = { inputs: digest(web, inputs), outputs: digest(dist, files(dist, (n) => n !== 'build.json')) }
writeFileSync(`${dist}build.json`, JSON.stringify(out, null, 2) + '\n')
