import type { Test } from 'tap'
import { loadSource } from '../../src/config/load.ts'
import type { Config } from '../../src/config/schema.ts'
import { ruleProblems } from '../../src/core/rules.ts'
import { createExplain, type Explain } from '../../src/explain/explain.ts'
import type { Explanation } from '../../src/explain/explanation.ts'
import { askAs, type Identity } from '../../src/explain/identity.ts'
import type { AskedRequest, Header } from '../../src/explain/request.ts'
import { type Overrides, writeConfig, yamlWith } from '../config/support.ts'

/** The epoch second at which everything is explained. */
export const now = 1_800_000_000

/** Header lines as pairs. */
function pairsOf(lines: readonly string[]): readonly Header[] {
  return lines.map((line) => {
    const [, name = '', value = ''] = /^([^:]+): ?(.*)$/.exec(line) ?? []
    return [name, value]
  })
}

/** A request line as it would come: `GET /path`, on the host of the good configuration. */
export function askedOf(
  line: string,
  headers: readonly string[] = [],
  host = 'app.example.com',
): AskedRequest {
  const [method = '', target = ''] = line.split(/ (.*)/)
  return { method, host, target, headers: pairsOf(headers), client: '127.0.0.1' }
}

type Ask = (
  line: string,
  options?: Readonly<{ as?: Identity; headers?: readonly string[]; host?: string; isCheck?: boolean }>,
) => Promise<Explanation>

/** Explains requests of a good configuration with some of its sections replaced. */
export function explainerOf(
  t: Test,
  overrides: Overrides,
): Readonly<{ config: Config; explain: Explain; ask: Ask }> {
  const located = loadSource(writeConfig(t, yamlWith(overrides)), {
    env: {},
    checkRules: ruleProblems,
  })
  const explain = createExplain({ ...located, clock: () => now })
  const ask: Ask = (line, { as, headers, host, isCheck } = {}) => {
    const call = askAs(askedOf(line, headers, host), as, located.config, now)
    return explain(call.asked, call.credentials, isCheck)
  }
  return { config: located.config, explain, ask }
}

/** Somebody who is signed in. */
export function person(claims: Readonly<Record<string, unknown>>): Identity {
  return { kind: 'session', claims }
}

/** Whoever sends a token that says so. */
export function token(claims: Readonly<Record<string, unknown>>): Identity {
  return { kind: 'bearer', claims }
}
