import type { Line } from '../config/problem.ts'
import type { Difference } from './compare.ts'
import type { TestResult, TestRun } from './run.ts'

/** Writes what became of tests for people: one line a test, under it what differs, then a summary. */
export function testRunText({ results, unreached }: TestRun): string {
  const failed = results.filter(isFailed).length
  return [
    ...results.flatMap(resultLines),
    '',
    `${count(results.length, 'test')}: ${results.length - failed} passed, ${failed} failed`,
    ...(unreached.length === 0
      ? ['Every rule is reached by some test.']
      : [
          `No test reaches ${count(unreached.length, 'rule')}:`,
          ...unreached.map(({ name, path, at }) => `  ${place(at)}  ${name}  ${path}`),
        ]),
    '',
  ].join('\n')
}

/** Whether something differs. */
export function isFailed({ differences }: TestResult): boolean {
  return differences.length > 0
}

/** Writes a difference as one line. */
export function differenceText({ what, expected, actual }: Difference): string {
  return `${what}: expected ${expected}, got ${actual}`
}

function resultLines(result: TestResult): string[] {
  const { name, at, differences } = result
  if (!isFailed(result)) return [`ok      ${name}`]
  return [
    `FAILED  ${name} (${place(at)})`,
    ...differences.map((difference) => `          ${differenceText(difference)}`),
  ]
}

function place({ file, line }: Line): string {
  return `${file}:${line}`
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
