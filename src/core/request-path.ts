import { hasConfusable } from './confusable.ts'
import { noReadings, otherReadings } from './path-readings.ts'

declare const canonical: unique symbol

/** A path that was judged canonical by `canonicalPath`: the form that rules match, and the form that is sent on. */
export type CanonicalPath = string & { readonly [canonical]: true }

/** What a path contains that a rule must have opted in to. */
export type PathNeed = 'encoded-slash' | 'empty-segment'

/** A request target, taken apart; `path + query` is what goes upstream. */
export type RequestPath = Readonly<{
  path: CanonicalPath
  /** Empty, or from the `?` on exactly as it was sent. */
  query: string
  /** What lax upstreams may read instead of `path`; each must be permitted as well. Usually empty. */
  folded: readonly CanonicalPath[]
  needs: readonly PathNeed[]
}>

/** The longest request target that is looked at, in characters. */
export const maxTargetLength = 8000

/** Tells whether nobody reads the path in another way, and no rule has to opt in to it. */
export function isPlain({ needs, folded }: Pick<RequestPath, 'needs' | 'folded'>): boolean {
  return needs.length === 0 && folded.length === 0
}

const noNeeds: readonly PathNeed[] = Object.freeze([])

// What makes a path more than plain: unusual characters, empty segments, segments that end in a dot.
const unusualPath = /[^\w\-.~!$&'()*+,=:@/]|\/\/|\.(?:\/|$)/
// What browsers send unescaped, RFC 3986 or not (WHATWG URL, path percent-encode set): also | [ ] ^.
const illegalPath = /[^\w\-.~!$&'()*+,;=:@/%|[\]^]|%(?![\dA-Fa-f]{2})/
// A query never takes part in a match, so all that browsers leave unescaped there may pass, stray % included.
const illegalQuery = /[^!-~]|#/
// Controls, # / ; / ? / \ in disguise, and escapes that appear only when decoded again (also IIS's %uXXXX).
const forbiddenEscape = /%(?:[01][\dA-F]|7F|23|3B|3F|5C|25(?:[\dA-F]{2}|u[\dA-F]{4}))/i
// Segments that some reader takes for `.`, `..` or nothing: dots, spaces between dots, and either before a `;`.
const badSegment = /\/(?:\.{1,2}|\.*(?:%20\.*)+)(?=[/;]|$)|\/;/
const eightBitEscape = /%[89A-F]/

/**
 * What is wrong with a target that is not canonical.
 * - `too-long`: more than 8,000 characters.
 * - `not-a-path`: an absolute URL, `*`, or anything else that does not begin with `/`.
 * - `query-character`, `path-character`: a character that has to be escaped, or can be no part of it.
 * - `escape-broken`: a `%` without two hexadecimal digits.
 * - `escape-forbidden`: a control, `#`, `;`, `?`, `\`, or an escape within an escape.
 * - `dot-segment`: a segment that some reader takes for `.`, `..` or nothing.
 * - `not-utf8`: escapes that are no UTF-8 text.
 * - `confusable`: a character that some reader takes for another one, or drops.
 * - `ambiguous`: too many readings, or one with an empty segment that the path has not.
 */
export type TargetFault = Readonly<{
  fault:
    | 'too-long'
    | 'not-a-path'
    | 'query-character'
    | 'path-character'
    | 'escape-broken'
    | 'escape-forbidden'
    | 'dot-segment'
    | 'not-utf8'
    | 'confusable'
    | 'ambiguous'
  /** The characters it is about, if it is about some. */
  found?: string
}>

/**
 * Takes a raw request target apart and normalises over-escaped characters and the case of escapes; undefined means 400.
 * Origin-form only, at most 8,000 characters; what could be read as another path is refused rather than repaired.
 * @see RFC 9112 section 3.2.1, RFC 3986 section 6.2.2
 */
export function canonicalPath(target: string): RequestPath | undefined {
  const read = readTarget(target)
  return 'fault' in read ? undefined : read
}

/** The same for those who want to know what is wrong with a target that is refused. */
export function readTarget(target: string): RequestPath | TargetFault {
  if (target.length > maxTargetLength) return { fault: 'too-long' }
  if (target.charCodeAt(0) !== 0x2f) return { fault: 'not-a-path' }
  const queryStart = target.indexOf('?')
  const path = queryStart === -1 ? target : target.slice(0, queryStart)
  const query = queryStart === -1 ? '' : target.slice(queryStart)
  if (query !== '' && illegalQuery.test(query)) return faultAt('query-character', illegalQuery, query)
  if (unusualPath.test(path)) return unusual(path, query)
  return { path: path as CanonicalPath, query, folded: noReadings, needs: noNeeds }
}

function unusual(raw: string, query: string): RequestPath | TargetFault {
  if (illegalPath.test(raw)) return illegalCharacter(raw)
  const path = raw.replace(/%([\dA-Fa-f]{2})/g, normalEscape)
  if (forbiddenEscape.test(path)) return faultAt('escape-forbidden', forbiddenEscape, path)
  if (badSegment.test(path)) return faultAt('dot-segment', badSegment, path)
  const problem = eightBitEscape.test(path) ? textFault(path) : undefined
  if (problem !== undefined) return problem
  const needs = needsOf(path)
  const folded = otherReadings(path)
  if (folded === undefined) return { fault: 'ambiguous' }
  const bad = folded.find((reading) => badSegment.test(reading))
  if (bad !== undefined) return faultAt('dot-segment', badSegment, bad)
  return { path: path as CanonicalPath, query, folded: folded as readonly CanonicalPath[], needs }
}

function faultAt(fault: TargetFault['fault'], pattern: RegExp, text: string): TargetFault {
  const [found] = pattern.exec(text) as RegExpExecArray
  return { fault, found }
}

function illegalCharacter(path: string): TargetFault {
  const read = faultAt('path-character', illegalPath, path)
  return read.found === '%' ? { fault: 'escape-broken' } : read
}

function normalEscape(written: string, hex: string): string {
  const char = String.fromCharCode(Number.parseInt(hex, 16))
  return /[\w\-.~]/.test(char) ? char : written.toUpperCase()
}

/** Escaped text must be text, and every character of it what it looks like. */
function textFault(path: string): TargetFault | undefined {
  try {
    const text = decodeURIComponent(path)
    return hasConfusable(text)
      ? { fault: 'confusable', found: Array.from(text).find(hasConfusable) as string }
      : undefined
  } catch {
    return { fault: 'not-utf8' } // broken, overlong or surrogate UTF-8
  }
}

function needsOf(path: string): readonly PathNeed[] {
  const needs: PathNeed[] = []
  if (path.includes('%2F')) needs.push('encoded-slash')
  if (path.includes('//')) needs.push('empty-segment')
  return needs.length === 0 ? noNeeds : needs
}
