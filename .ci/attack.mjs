// Runs the attack suite alone and prints what came of each family. Compile the tests first.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const suite = 'build/test/attack'
const results = mkdtempSync(join(tmpdir(), 'postern-attack-'))
const files = readdirSync(suite).filter((name) => name.endsWith('.test.js'))
const { status } = spawnSync(
  process.execPath,
  ['node_modules/.bin/tap', 'run', '--disable-coverage', ...files.map((name) => join(suite, name))],
  { stdio: 'inherit', env: { ...process.env, POSTERN_ATTACK_RESULTS: results } },
)
const families = readdirSync(results)
  .sort()
  .map((name) => JSON.parse(readFileSync(join(results, name), 'utf8')))
rmSync(results, { recursive: true })

print('family', 'rows', 'passed')
for (const { family, rows, passed } of families) print(family, rows, passed)
const isClosed = families.length > 0 && families.every(({ rows, passed }) => rows > 0 && rows === passed)
process.exitCode = status === 0 && isClosed ? 0 : 1

function print(family, rows, passed) {
  process.stdout.write(`${family.padEnd(28)}${String(rows).padStart(8)}${String(passed).padStart(8)}\n`)
}
