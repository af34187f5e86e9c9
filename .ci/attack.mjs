// Runs the attack suite alone and prints one table: each family, how many rows it has, how many passed.
// Ends with 1 if a row did not pass, or if a file of the suite broke off.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const results = mkdtempSync(join(tmpdir(), 'postern-attack-'))
try {
  const suite = readdirSync('build/test/attack').filter((name) => name.endsWith('.test.js'))
  const files = suite.map((name) => join('build/test/attack', name))
  const env = { ...process.env, POSTERN_ATTACK_RESULTS: results }
  const tap = ['exec', '--', 'tap', 'run', '--disable-coverage', '--reporter=silent', ...files]
  const { status } = spawnSync('npm', tap, { env, stdio: ['ignore', 'ignore', 'inherit'] })
  const families = readdirSync(results).map((name) => JSON.parse(readFileSync(join(results, name), 'utf8')))
  families.sort((a, b) => a.family.localeCompare(b.family))
  print([['family', 'rows', 'passed'], ...families.map(({ family, rows, passed }) => [family, rows, passed])])
  const isWhole = families.every(({ rows, passed }) => rows > 0 && rows === passed)
  if (status !== 0) process.stdout.write('\nA file of the suite failed: run it alone to see where.\n')
  process.exitCode = status === 0 && isWhole ? 0 : 1
} finally {
  rmSync(results, { recursive: true, force: true })
}

function print(rows) {
  const width = Math.max(...rows.map(([family]) => family.length))
  for (const [family, count, passed] of rows) {
    process.stdout.write(
      `${family.padEnd(width)}  ${String(count).padStart(5)}  ${String(passed).padStart(6)}\n`,
    )
  }
}
