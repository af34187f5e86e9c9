import { differenceText, isFailed } from './as-text.ts'
import type { TestResult, TestRun, UnreachedRule } from './run.ts'

/** Writes what became of tests as JUnit XML, as continuous integration reads it. Rules that are `required` and not reached are failures. */
export function junitXml({ results, unreached }: TestRun, file: string, areAllRequired: boolean): string {
  const missing = areAllRequired ? unreached : []
  const cases = [...results.map((result) => testCase(result)), ...missing.map(ruleCase)]
  const failures = results.filter(isFailed).length + missing.length
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites tests="${cases.length}" failures="${failures}">`,
    `  <testsuite name="${escaped(file)}" tests="${cases.length}" failures="${failures}" errors="0" skipped="0">`,
    ...cases,
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n')
}

function testCase(result: TestResult): string {
  const { name, at, differences } = result
  const open = `    <testcase classname="${escaped(at.file)}" name="${escaped(name)}"`
  if (!isFailed(result)) return `${open}/>`
  const text = differences.map(differenceText)
  return `${open}>\n${failure(text[0] as string, [`${at.file}:${at.line}`, ...text])}\n    </testcase>`
}

function ruleCase({ name, path, at }: UnreachedRule): string {
  const open = `    <testcase classname="${escaped(at.file)}" name="${escaped(`${name} ${path}`)}">`
  return `${open}\n${failure('no test reaches this rule', [`${at.file}:${at.line}`])}\n    </testcase>`
}

function failure(message: string, lines: readonly string[]): string {
  return `      <failure message="${escaped(message)}">${escaped(lines.join('\n'))}</failure>`
}

/** XML 1.0 has no way to write most control characters, nor half a character. */
function escaped(text: string): string {
  return text
    .replace(/(?![\t\n\r])\p{Cc}|\p{Cs}|[\ufffe\uffff]/gu, '\ufffd')
    .replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`)
}
