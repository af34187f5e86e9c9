// Runs the attack suite alone and prints one table: each family, how many rows it has, how many passed.
// With --write, that table takes the place of the one in SECURITY.md. Compile the tests first.
// Ends with 1 if a row did not pass, or if a file of the suite broke off.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const suite = 'build/test/attack'
const results = mkdtempSync(join(tmpdir(), 'postern-attack-'))
try {
  const files = readdirSync(suite).filter((name) => name.endsWith('.test.js'))
  const { status } = spawnSync(
    process.execPath,
    [
      'node_modules/.bin/tap',
      ...['run', '--disable-coverage', '--reporter=silent'],
      ...files.map((name) => join(suite, name)),
    ],
    { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, POSTERN_ATTACK_RESULTS: results } },
  )
  const families = readdirSync(results)
    .map((name) => JSON.parse(readFileSync(join(results, name), 'utf8')))
    .sort((a, b) => a.family.localeCompare(b.family))
  print('family', 'rows', 'passed')
  for (const { family, rows, passed } of families) print(family, rows, passed)
  if (process.argv.includes('--write')) publish(families)
  if (status !== 0) process.stdout.write('\nA file of the suite failed: run it alone to see where.\n')
  const isWhole = families.length > 0 && families.every(({ rows, passed }) => rows > 0 && rows === passed)
  process.exitCode = status === 0 && isWhole ? 0 : 1
} finally {
  rmSync(results, { recursive: true, force: true })
}

function print(family, rows, passed) {
  process.stdout.write(`${family.padEnd(38)}${String(rows).padStart(8)}${String(passed).padStart(8)}\n`)
}

function publish(families) {
  const lines = families.map(({ family, rows, passed }) => `| ${family} | ${rows} | ${passed} |`)
  const table = ['| Family | Rows | Passed |', '| --- | --: | --: |', ...lines].join('\n')
  const text = readFileSync('SECURITY.md', 'utf8')
  const place = /(<!-- attacks -->\n)[\s\S]*?(\n<!-- \/attacks -->)/
  writeFileSync('SECURITY.md', text.replace(place, `$1${table}$2`))
}
