// Bundles src/ to dist/: to find and read a file takes Node longer than most files take to run, and there are hundreds.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'rolldown'

/** The libraries that explain loads, some of them a hundred files. All others stay in node_modules. */
const bundled = ['commander', 'ipaddr.js', 'lru-cache', 'yaml', 'zod']

/** What only other commands load, and what opens a cookie. Nothing reaches them from the script. */
const elsewhere = ['./serve.ts', './print.ts', './migrate.ts', './demo.ts', '../explain/cookie.ts']

const isPackage = (id, isResolved) => !isResolved && !id.startsWith('.') && !bundled.includes(id)

await build({
  // What is started by its file name. All files lie side by side, so that such a name is right wherever its user ends up.
  input: {
    main: 'src/main.ts',
    'load-worker': 'src/cli/load-worker.ts',
    'worker-process': 'src/workers/worker-process.ts',
  },
  external: (id, _importer, isResolved) => isPackage(id, isResolved),
  platform: 'node',
  plugins: [{ name: 'licenses', generateBundle: addLicenses }],
  output: { dir: 'dist', cleanDir: true, sourcemap: true, sourcemapExcludeSources: true },
})

// src/cli/precompiled.ts runs it: one function of what CommonJS gives to a file.
await build({
  input: { precompiled: 'src/cli/run.ts' },
  external: (id, _importer, isResolved) => elsewhere.includes(id) || isPackage(id, isResolved),
  platform: 'node',
  output: {
    dir: 'dist',
    format: 'cjs',
    codeSplitting: false,
    entryFileNames: '[name].cjs',
    postBanner: '(function (exports, require, __filename) {',
    postFooter: '})',
  },
})

/** Puts the licenses of what is bundled next to it, as they demand. */
function addLicenses() {
  const source = bundled.map((name) => `${name}\n\n${licenseOf(name)}`).join(`\n${'-'.repeat(80)}\n\n`)
  this.emitFile({ type: 'asset', fileName: 'LICENSES.txt', source })
}

function licenseOf(name) {
  const folder = join('node_modules', name)
  const file = readdirSync(folder).find((file) => /^licen[cs]e/i.test(file))
  return readFileSync(join(folder, file), 'utf8')
}
