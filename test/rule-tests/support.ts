import { join } from 'node:path'
import type { Test } from 'tap'
import { runTests, type TestOptions } from '../../src/cli/test.ts'
import { type Overrides, yamlWith } from '../config/support.ts'

/** Runs tests, as YAML, against a good configuration with some of its sections replaced. */
export async function runFile(
  t: Test,
  yaml: string,
  {
    overrides = {},
    options = {},
    env = {},
  }: Readonly<{
    overrides?: Overrides
    options?: Partial<TestOptions>
    env?: Readonly<Record<string, string>>
  }> = {},
) {
  const folder = t.testdir({ 'postern.yaml': yamlWith(overrides), 'tests.yaml': yaml })
  const lines: string[] = []
  const code = await runTests(
    join(folder, 'tests.yaml'),
    { requireAllRules: false, ...options },
    { env, write: (text) => lines.push(text), clock: () => 1_800_000_000 },
  )
  return { code, text: lines.join('').replaceAll(`${folder}/`, ''), folder }
}

/** The problems that a file of tests is refused for. */
export async function problemsOf(t: Test, yaml: string, overrides: Overrides = {}): Promise<string[]> {
  try {
    await runFile(t, yaml, { overrides })
    return []
  } catch (error) {
    return (error as Error).message.split('\n').map((line) => line.replace(/^.*\/(?=\w+\.yaml:)/, ''))
  }
}
