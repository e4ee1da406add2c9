import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vite'

// licences writes the licence of every package whose code went into the build
// beside it: the minifier leaves no notice in.
function licences() {
  return {
    name: 'licences',
    generateBundle(_, bundle) {
      const names = new Set()
      for (const chunk of Object.values(bundle)) {
        for (const id of Object.keys(chunk.modules ?? {})) {
          const m = id.replaceAll('\\', '/').match(/.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/)
          if (m) names.add(m[1])
        }
      }
      const texts = [...names].toSorted().map((name) => {
        const dir = new URL(`node_modules/${name}/`, import.meta.url)
        const { version, license } = JSON.parse(readFileSync(new URL('package.json', dir), 'utf8'))
        const file = existsSync(dir) && readdirSync(dir).find((f) => /^licen[cs]e/i.test(f))
        return `${name} ${version} (${license})\n\n${file ? readFileSync(new URL(file, dir), 'utf8').trim() : ''}\n`
      })
      this.emitFile({ type: 'asset', fileName: 'assets/licences.txt', source: texts.join('\n----\n\n') })
    },
  }
}

// Names are stable so that a diff of dist shows what changed; freshness is the
// server's ETag. No source maps: they would carry paths of the machine.
export default defineConfig({
  plugins: [svelte({ configFile: false, compilerOptions: { cssHash: ({ hash, css }) => `s${hash(css)}` } }), licences()],
  build: {
    outDir: '../dist',
    emptyOutDir: true,
    sourcemap: false,
    modulePreload: { polyfill: false },
    cssCodeSplit: false,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 600,
    rollupOptions: {
      output: {
        entryFileNames: 'assets/app.js',
        chunkFileNames: 'assets/[name].js',
        assetFileNames: ({ names }) => (names?.[0]?.endsWith('.css') ? 'assets/app.css' : 'assets/[name][extname]'),
      },
    },
  },
})
