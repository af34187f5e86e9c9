import type { Test } from 'tap'
import { isForPerson, isNavigation } from '../../src/core/navigation.ts'

/** What must never go into a check from the client: it would say under another name what is asked for, or who asks. */
const saysElse = /^(?:x-original-|x-forwarded-(?:host|uri|method|user)|x-auth-request-|forwarded$)/

/** Holds the headers that go into a check to what decisions read, and to nothing that could mislead one. */
export function decidedBy(t: Test, names: readonly string[]): void {
  t.strictSame(
    names.filter((name) => saysElse.test(name)),
    [],
  )
  t.strictSame(readOf((headers) => isNavigation('GET', headers)).filter(isMissing), [], 'page views')
  t.strictSame(readOf((headers) => isForPerson(headers)).filter(isMissing), [], 'pages')
  for (const name of [
    'cookie',
    'origin',
    'sec-fetch-site',
    'sec-websocket-key',
    'access-control-request-method',
  ])
    t.ok(names.includes(name), name)
  t.ok(names.includes('x-forwarded-proto'), 'the scheme is asked for')

  function isMissing(name: string): boolean {
    return !names.includes(name)
  }
}

/** The names that a function asks for. */
function readOf(decide: (headers: Record<string, string>) => unknown): string[] {
  const asked = new Set<string>()
  decide(
    new Proxy<Record<string, string>>(
      {},
      {
        get: (_, name) => {
          asked.add(String(name))
          return undefined
        },
      },
    ),
  )
  return [...asked]
}
