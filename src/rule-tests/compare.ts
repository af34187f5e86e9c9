import type { Explanation, RuleExplanation } from '../explain/explanation.ts'
import type { Expected } from './test-file.ts'

/** Where what happens differs from what was expected. */
export type Difference = Readonly<{ what: string; expected: string; actual: string }>

const nothing = 'nothing'

/** Compares what is expected with what would happen; nothing when all is as it should be. */
export function differences(expected: Expected, explanation: Explanation): readonly Difference[] {
  const { decision, upstream } = explanation
  const { headers = {}, absent = [] } = expected
  const sent = sentHeaders(explanation)
  return [
    ...differing('decision', expected.decision, `${decision.kind}`),
    ...differing('reason', expected.reason, decision.reason),
    ...differing('status', expected.status, decision.status),
    ...ruleDifference(expected.rule, explanation),
    ...differing('upstream', expected.upstream, upstream?.name),
    ...differing('path', expected.path, upstream?.path),
    ...Object.entries(headers).flatMap(([name, value]) =>
      differing(`header ${name}`, value, sent.get(name.toLowerCase())),
    ),
    ...absent.flatMap((name) => {
      const value = sent.get(name.toLowerCase())
      return value === undefined ? [] : [{ what: `header ${name}`, expected: nothing, actual: value }]
    }),
  ]
}

function differing(
  what: string,
  expected: string | number | undefined,
  actual: string | number | undefined,
): Difference[] {
  if (expected === undefined || expected === actual) return []
  return [{ what, expected: String(expected), actual: actual === undefined ? nothing : String(actual) }]
}

/** A rule is known by its name, and by its path. */
function ruleDifference(expected: string | undefined, { rules, decision }: Explanation): Difference[] {
  const deciding = rules.find(({ isDeciding }) => isDeciding)
  const names = [decision.rule ?? 'none', ...(deciding === undefined ? [] : [deciding.path])]
  if (expected === undefined || names.includes(expected)) return []
  return [{ what: 'rule', expected, actual: deciding === undefined ? 'none' : ruleText(deciding) }]
}

function ruleText({ name, path, at }: RuleExplanation): string {
  return `${name} (${path}, ${at.file}:${at.line})`
}

/** What is told on: to the upstream, or to the proxy that asks. Lines of one name as one. */
function sentHeaders({ request, decision, upstream }: Explanation): ReadonlyMap<string, string> {
  const told = request.via === 'check' ? Object.entries(decision.headers) : (upstream?.headers ?? [])
  const sent = new Map<string, string>()
  for (const [written, value] of told) {
    const name = written.toLowerCase()
    const before = sent.get(name)
    sent.set(name, before === undefined ? value : `${before}, ${value}`)
  }
  return sent
}
