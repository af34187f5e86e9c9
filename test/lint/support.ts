import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { Test } from 'tap'
import { runCheck } from '../../src/cli/check.ts'
import { type Overrides, yamlWith } from '../config/support.ts'

/** Bytes like random ones, the same every time. */
export function goodKey(seed: string): string {
  return createHash('sha256').update(seed).digest('base64')
}

export const env = {
  SECRET: 'p7Yk2vQx9sLm4TzR8wBn',
  KEY: goodKey('first'),
  OLD_KEY: goodKey('second'),
}

/** A configuration that nothing can be said about, with some of its sections replaced. */
export function goodYaml(overrides: Overrides = {}): string {
  return yamlWith({
    provider: `provider: { issuer: https://login.example.com, client_id: postern, client_secret: "$\{SECRET}" }`,
    session: `session: { keys: ["$\{KEY}"] }`,
    ...overrides,
  })
}

/** Every warning about a configuration as the command shows it, without the folder; the configuration must be sound. */
export function warningLines(t: Test, overrides: Overrides, files: Record<string, string> = {}): string[] {
  const folder = t.testdir({ 'postern.yaml': goodYaml(overrides), ...files })
  const file = join(folder, 'postern.yaml')
  const lines: string[] = []
  const code = runCheck(file, { env, write: (line) => lines.push(line.replaceAll(file, 'postern.yaml')) })
  t.equal(code, 0, lines.join('\n'))
  t.match(lines.pop(), /^postern\.yaml is valid: /)
  return lines
}

/** What a row of a table says: the sections, and the lines that are told about them. */
export type Row = readonly [name: string, overrides: Overrides, lines: readonly string[]]

/** One test for each row. */
export function testRows(t: Test, rows: readonly Row[]): void {
  for (const [name, overrides, lines] of rows)
    t.test(name, async (t) => t.strictSame(warningLines(t, overrides), lines))
}

/** Routes in YAML, one a line from line 7 on. */
export function routes(...items: string[]): string {
  return ['routes:', ...items.map((item) => `  - { ${item} }`)].join('\n')
}
