// Installs and builds what is missing, so that one command is enough in a fresh clone.
// Uses Node's own modules only: it runs before anything is installed.
import { spawnSync } from 'node:child_process'
import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const wanted = process.argv[2]

requireNode(20, 19)
if (modified('node_modules/.package-lock.json') < modified('package-lock.json')) {
  say('installing dependencies (npm ci), about half a minute …')
  npm('ci', '--no-audit', '--no-fund')
}
if (wanted === '--build') bundle()
if (wanted === '--tests') {
  compileTests()
  bundle()
  buildTap('node_modules/.tap-built')
}

function bundle() {
  const files = ['tsconfig.build.json', '.ci/bundle.mjs', '.ci/precompile.mjs']
  make('dist', files, ['src'], 'run', '--silent', 'build')
}

function compileTests() {
  const project = 'tsconfig.test.json'
  make('build', [project], ['src', 'test'], 'exec', '--', 'tsc', '-p', project)
}

/** Runs npm to fill a folder that was emptied, so that nothing runs whose source is gone. */
function make(folder, files, sources, ...command) {
  const stamp = join(folder, '.built')
  const newest = Math.max(
    ...['package-lock.json', 'tsconfig.json', ...files].map(modified),
    ...sources.map(newestIn),
  )
  if (modified(stamp) > newest) return
  say(`making ${folder}/ (npm ${command.join(' ')}) …`)
  rmSync(join(root, folder), { recursive: true, force: true })
  npm(...command)
  writeFileSync(join(root, stamp), '')
}

/** tap generates its test class from its plugins, which .taprc names; an install throws it away. */
function buildTap(stamp) {
  if (modified(stamp) > modified('.taprc')) return
  say('preparing the test runner (tap build) …')
  npm('exec', '--', 'tap', 'build')
  writeFileSync(join(root, stamp), '')
}

function npm(...args) {
  // npm is a script on Windows, which only a shell can run.
  const { status, error } = spawnSync('npm', args, {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
  if (error) say(`npm cannot be run: ${error.message}`)
  if (status !== 0) process.exit(status ?? 1)
}

/** When something below the folder changed last, in milliseconds; folders tell of what was removed. */
function newestIn(folder) {
  const files = readdirSync(join(root, folder), { recursive: true })
  return Math.max(modified(folder), ...files.map((file) => modified(join(folder, file))))
}

function modified(path) {
  return statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0
}

function requireNode(major, minor) {
  const [haveMajor, haveMinor] = process.versions.node.split('.').map(Number)
  if (haveMajor > major || (haveMajor === major && haveMinor >= minor)) return
  process.stderr.write(
    `Postern needs Node.js ${major}.${minor} or newer; this is ${process.versions.node}.\n`,
  )
  process.exit(1)
}

function say(text) {
  process.stdout.write(`postern: ${text}\n`)
}
