import type { Source } from '../config/load.ts'
import type { Finding, Problem } from '../config/problem.ts'
import { findCatchAll } from './catch-all.ts'
import { findWeakClients } from './clients.ts'
import { findCookieScope } from './cookie-scope.ts'
import { findWeakOrigins } from './cross-origin.ts'
import { findOpenListener } from './listener.ts'
import { findOneSegment } from './one-segment.ts'
import { findOtherMethods } from './other-methods.ts'
import { findOverridden } from './overridden.ts'
import { findPlainOauth } from './plain-oauth.ts'
import { findStaleAnswers, findWithoutRefresh } from './refresh.ts'
import { findWeakKeys } from './session-keys.ts'
import { findSessionLimits } from './session-limits.ts'
import { findWideTrust } from './trusted-proxies.ts'
import { findUnreachable } from './unreachable.ts'
import { findUpstreams } from './upstreams.ts'

/** One family of findings: looks at a sound configuration, and lists what is allowed in it but harmful. */
type Family = (source: Source) => readonly Finding[]

const families: readonly Family[] = [
  findOpenListener,
  findWideTrust,
  findWeakClients,
  findWithoutRefresh,
  findPlainOauth,
  findWeakKeys,
  findCookieScope,
  findSessionLimits,
  findStaleAnswers,
  findUpstreams,
  findUnreachable,
  findOverridden,
  findOneSegment,
  findCatchAll,
  findOtherMethods,
  findWeakOrigins,
]

/**
 * Lists every warning about a configuration in the order of its file: those of every start, and what else is allowed
 * but has a clear harm and a clear remedy. The rules must be sound; see `ruleProblems`.
 */
export function lint(source: Source): readonly Problem[] {
  const found = families.flatMap((find) => find(source)).map(source.locate)
  return [...source.config.warnings, ...found].sort((a, b) => a.line - b.line || a.column - b.column)
}
