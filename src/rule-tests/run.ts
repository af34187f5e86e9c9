import type { Source } from '../config/load.ts'
import type { Line } from '../config/problem.ts'
import { createExplain } from '../explain/explain.ts'
import type { Explanation } from '../explain/explanation.ts'
import { askAs, bringsSession, bringsToken, type Identity } from '../explain/identity.ts'
import { type AskedRequest, splitUrl } from '../explain/request.ts'
import { type Difference, differences } from './compare.ts'
import type { RuleTest } from './test-file.ts'

/** What became of one test. */
export type TestResult = Readonly<{
  name: string
  at: Line
  /** None when it passed. */
  differences: readonly Difference[]
}>

/** What became of all of them, and the rules that none of them reached. */
export type TestRun = Readonly<{ results: readonly TestResult[]; unreached: readonly UnreachedRule[] }>

export type UnreachedRule = Readonly<{ name: string; path: string; at: Line }>

type LocatedTest = Readonly<{ test: RuleTest; at: Line }>

/** Runs tests against a configuration. */
export async function runRuleTests(
  tests: readonly LocatedTest[],
  located: Source,
  clock: () => number,
): Promise<TestRun> {
  const explain = createExplain({ ...located, clock })
  const { config, routes } = located
  const reached = new Set<string>()
  const results: TestResult[] = []
  for (const { test, at } of tests) {
    const { asked, credentials } = askAs(
      askedRequest(test, config),
      identityOf(test, clock()),
      config,
      clock(),
    )
    const explanation: Explanation = await explain(asked, credentials, test.request.check)
    for (const { name } of explanation.rules) reached.add(name)
    results.push({ name: test.name, at, differences: differences(test.expect, explanation) })
  }
  const unreached = config.routes.flatMap(({ name, path }, index) =>
    reached.has(name) ? [] : [{ name, path, at: routes[index] as Line }],
  )
  return { results, unreached }
}

/** What makes a test no test: it expects nothing, asks for a check where none is, or has a token that nobody can look into. */
export function misfits(
  { request, bearer, expect }: RuleTest,
  { config }: Source,
): readonly Readonly<{ path: readonly string[]; message: string }>[] {
  const headers = Object.entries(request.headers)
  return [
    ...(Object.keys(expect).length === 0
      ? [{ path: ['expect'], message: 'must name at least one thing' }]
      : []),
    ...(request.check && config.forward_auth === undefined
      ? [{ path: ['request', 'check'], message: 'needs a "forward_auth" section in the configuration' }]
      : []),
    ...(bringsSession({ headers }, config)
      ? [
          {
            path: ['request', 'headers'],
            message: 'have a session cookie, which is not opened; say who it is with "user" or "scopes"',
          },
        ]
      : []),
    ...(bearer === undefined && config.bearer !== undefined && bringsToken({ headers })
      ? [
          {
            path: ['request', 'headers'],
            message: 'have a token, which is not looked into; say what is in it with "bearer"',
          },
        ]
      : []),
  ]
}

function askedRequest({ request }: RuleTest, { server }: Source['config']): AskedRequest {
  const { method, url, host, path, headers, client } = request
  const { host: own } = new URL(server.public_url[0] as string)
  const split = splitUrl(url ?? (path as string), host ?? own) as NonNullable<ReturnType<typeof splitUrl>>
  return { method, ...split, headers: Object.entries(headers), client }
}

function identityOf({ user, scopes, bearer, authenticated_ago: ago }: RuleTest, now: number): Identity {
  const claims = user ?? bearer ?? (scopes && { scopes })
  if (claims === undefined) return undefined
  const kind = bearer === undefined ? 'session' : 'bearer'
  return { kind, claims: { ...claims, ...(ago !== undefined && { auth_time: now - ago / 1000 }) } }
}
