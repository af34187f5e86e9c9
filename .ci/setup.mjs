// Installs and builds what is missing, so that one command is enough in a fresh clone.
// Uses Node's own modules only: it runs before anything is installed.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const wanted = process.argv[2]

requireNode(20, 19)
if (modified('node_modules/.package-lock.json') < modified('package-lock.json')) {
  say('installing dependencies (npm ci), about half a minute …')
  npm('ci', '--no-audit', '--no-fund')
}
if (wanted === '--build') compile('dist/.built', 'tsconfig.build.json', ['src'])
if (wanted === '--tests') {
  compile('build/.built', 'tsconfig.test.json', ['src', 'test'])
  if (!existsSync(join(root, '.tap/test-built'))) {
    npm('exec', '--', 'tap', 'build')
    writeFileSync(join(root, '.tap/test-built'), '')
  }
}

function compile(stamp, project, sources) {
  const newest = Math.max(modified('package-lock.json'), modified(project), ...sources.map(newestIn))
  if (modified(stamp) > newest) return
  say(`compiling (tsc -p ${project}) …`)
  npm('exec', '--', 'tsc', '-p', project)
  writeFileSync(join(root, stamp), '')
}

function npm(...args) {
  const command = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  const { status } = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
  if (status !== 0) process.exit(status ?? 1)
}

function newestIn(folder) {
  const files = readdirSync(join(root, folder), { recursive: true })
  return Math.max(0, ...files.map((file) => modified(join(folder, file))))
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
