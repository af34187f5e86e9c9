import type { Claims } from '../core/session.ts'
import type {
  CallerExplanation,
  Condition,
  CookieExplanation,
  Explanation,
  HostExplanation,
  PathExplanation,
  RuleExplanation,
} from './explanation.ts'

/** A label and what stands beside it; a line without a label goes on with the one above. */
type Row = readonly [label: string, ...cells: string[]]

/** What a fault of a target means to whoever wrote it. */
const faults: Readonly<Record<Extract<PathExplanation, { isCanonical: false }>['fault'], string>> = {
  'too-long': 'is longer than 8,000 characters',
  'not-a-path': 'does not begin with /',
  'query-character': 'has a character in the query that must be escaped',
  'path-character': 'has a character that must be escaped, or can be no part of a path',
  'escape-broken': 'has a % that no two hexadecimal digits follow',
  'escape-forbidden':
    'has an escape that may not stand in a path: a control, # ; ? \\ or an escape within an escape',
  'dot-segment': 'has a segment that some reader takes for ".", ".." or nothing',
  'not-utf8': 'has escapes that are no UTF-8 text',
  confusable: 'has a character that some reader takes for another one, or drops',
  ambiguous: 'can be read in too many ways',
}

const cookieStates: Readonly<Record<CookieExplanation['state'], string>> = {
  absent: 'holds no cookie of this gateway',
  unreadable: 'not opened: sealed with another key, changed, or not whole',
  over: 'opened; the session is over',
  live: 'opened',
}

/** Writes an explanation for people. */
export function explanationText(explanation: Explanation): string {
  const { request, path, host, caller, rules, decision } = explanation
  const { status, kind, reason, rule } = decision
  const isCheck = request.via === 'check'
  const verdict = `${kind}, because ${reason}${status === undefined ? '' : `: ${status}`}`
  return [
    printable(
      `${request.method} ${request.host}${request.target}${isCheck ? ', asked about by a proxy' : ''}`,
    ),
    '',
    ...table([
      ...pathRows(path),
      ['Host', hostText(host)],
      ['Kind', kindText(request)],
      ...callerRows(caller),
    ]),
    ...(rules.length === 0 ? [] : ['', ...rules.flatMap((one) => ruleLines(one, path))]),
    '',
    ...table([
      ['Decision', `${verdict}${rule === undefined ? '' : ` (${rule})`}`],
      ...headerRows(isCheck ? 'Told' : 'Answer', Object.entries(decision.headers)),
      ...upstreamRows(explanation),
    ]),
    '',
  ].join('\n')
}

function pathRows(path: PathExplanation): Row[] {
  if (!path.isCanonical) {
    return [['Path', `${faults[path.fault]}${path.found === undefined ? '' : `: ${visible(path.found)}`}`]]
  }
  const { query, readings, needs } = path
  return [
    ['Path', path.path],
    ...(query === '' ? [] : [['Query', query] as const]),
    ...readings.map((reading, index): Row => [index === 0 ? 'Read also' : '', reading]),
    ...(needs.length === 0 ? [] : [['Needs', needs.join(', ')] as const]),
  ]
}

/** Shows what could not be seen, or would do something to a terminal. */
function visible(text: string): string {
  return /^[!-~]+$/.test(text) ? text : Array.from(text, (char) => `U+${hex(char)}`).join(' ')
}

function hex(char: string): string {
  return (char.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, '0')
}

function hostText({ name, isServed, origin }: HostExplanation): string {
  if (name === undefined) return 'not a host'
  if (!isServed) return `${name}, not served here`
  return origin === undefined ? `${name}, named by a rule` : `${name}, served as ${origin}`
}

function kindText({ isPageView, isWebSocket }: Explanation['request']): string {
  if (isWebSocket) return 'WebSocket handshake'
  return isPageView ? 'page view' : 'no page view'
}

function callerRows({ kind, isPassedOver, sub, scopes, claims, cookie }: CallerExplanation): Row[] {
  const who =
    kind === 'nobody'
      ? `nobody${isPassedOver ? ': what came along does not count here' : ''}`
      : `${kind} of ${sub ?? 'a client'}`
  return [
    ['Caller', who],
    ...(scopes === undefined ? [] : [['', 'scopes', list(scopes)] as const]),
    ...claimRows(claims),
    ...cookieRows(cookie, kind),
  ]
}

function cookieRows(cookie: CookieExplanation | undefined, kind: CallerExplanation['kind']): Row[] {
  if (cookie === undefined) return []
  const { state, session } = cookie
  return [
    ['Cookie', session === undefined ? cookieStates[state] : `${cookieStates[state]}: ${session.sub}`],
    ...(session === undefined
      ? []
      : [
          ...(kind === 'session'
            ? []
            : [['', 'scopes', list(session.scopes)] as const, ...claimRows(session.claims)]),
          ['', 'created', time(session.createdAt)] as const,
          ['', 'last seen', time(session.lastSeenAt)] as const,
          ['', 'ends', time(session.endsAt)] as const,
          ['', 'access token', accessToken(session)] as const,
        ]),
  ]
}

/** The subject stands in the line above. */
function claimRows(claims: Claims = {}): Row[] {
  return Object.entries(claims)
    .filter(([name]) => name !== 'sub')
    .map(([name, value]) => ['', name, shown(value)])
}

function accessToken({
  accessTokenEndsAt,
  hasRefreshToken,
}: NonNullable<CookieExplanation['session']>): string {
  const end = accessTokenEndsAt === undefined ? 'without an end' : `until ${time(accessTokenEndsAt)}`
  return `${end}, ${hasRefreshToken ? 'can be renewed' : 'cannot be renewed'}`
}

function time(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')
}

function ruleLines(rule: RuleExplanation, asked: PathExplanation): string[] {
  const { name, at, path, host = '', methods, readings, isDeciding, conditions } = rule
  const others = readings.filter((reading) => !asked.isCanonical || reading !== asked.path)
  const head = [
    `${name} at ${at.file}:${at.line}`,
    ...(methods === undefined ? [] : [methods.join(' ')]),
    host + path,
  ].join('  ')
  const rows = conditions.map(
    (condition): Row => [
      '',
      condition.isMet ? 'yes' : 'NO',
      condition.name,
      wantedText(condition),
      seenText(condition),
    ],
  )
  return [
    ...table([
      [
        'Rule',
        `${head}${others.length > 0 ? `, for ${others.join(' and ')}` : ''}${isDeciding ? ', decides' : ''}`,
      ],
    ]),
    ...table(rows),
  ]
}

function wantedText({ name, wanted }: Condition): string {
  return name === 'max_age' ? `${wanted[0]} s` : list(wanted)
}

function seenText({ name, wanted, seen, lacks = [] }: Condition): string {
  if (name === 'access' && seen === undefined) return wanted[0] === 'public' ? 'whoever it is' : 'nobody'
  const there = name === 'max_age' && typeof seen === 'number' ? `${seen} s ago` : shown(seen)
  return lacks.length === 0 ? there : `${there}, lacks ${list(lacks)}`
}

function upstreamRows({ upstream }: Explanation): Row[] {
  if (upstream === undefined) return []
  const { name, address, path, headers } = upstream
  return [['Upstream', `${name} at ${address}`], ['Asked for', path], ...headerRows('Headers', headers)]
}

function headerRows(label: string, headers: readonly (readonly [string, string])[]): Row[] {
  return headers.map(([name, value], index) => [index === 0 ? label : '', `${name}: ${value}`])
}

function shown(value: unknown): string {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return list(value)
  return JSON.stringify(value) ?? 'nothing'
}

function list(values: readonly unknown[]): string {
  return values.length === 0 ? 'none' : values.map((value) => shown(value)).join(', ')
}

const labelWidth = 11

/** The first cell as a label, the others in columns but for the last one, which is as long as it is. */
function table(rows: readonly Row[]): string[] {
  const widths: number[] = []
  for (const [, ...cells] of rows) {
    for (const [index, cell] of cells.slice(0, -1).entries()) {
      widths[index] = Math.max(widths[index] ?? 0, cell.length)
    }
  }
  return rows.map(([label, ...cells]) => {
    const padded = cells.map((cell, index) =>
      index === cells.length - 1 ? cell : cell.padEnd((widths[index] as number) + 2),
    )
    return label.padEnd(labelWidth) + printable(padded.join(''))
  })
}

/** Claims and headers may hold anything. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, visible)
}
