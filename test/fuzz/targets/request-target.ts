import fc from 'fast-check'
import { canonicalPath } from '../../../src/core/request-path.ts'
import { pathMapping, upstreamPath } from '../../../src/proxy/upstream-path.ts'
import { type FuzzTarget, latin1, must, mutated, syncProperty } from '../target.ts'

const pieces = [
  ...[
    '/',
    '//',
    '/./',
    '/../',
    '/..',
    '/.',
    '..;',
    ';a=b',
    '?',
    '#',
    '\\',
    '%',
    '%%',
    '@',
    ':',
    '|',
    '^',
    '[',
    '~',
  ],
  ...['%2e', '%2E', '%2f', '%5c', '%00', '%0a', '%20', '%25', '%252e', '%252f', '%3b', '%3f', '%23', '%7f'],
  ...['%c0%ae', '%c0%af', '%e0%80%af', '%ef%bc%8f', '%e2%80%ae', '%ed%a0%80', '%u002e', '%c2%85', '%80'],
  ...['admin', 'ADMIN', 'a', '.', 'x.css', '\x00', '\t', ' ', '\x85', '\xa0', '\xff', 'http://', '*'],
]
const assembled = fc.array(fc.constantFrom(...pieces), { maxLength: 10 }).map((parts) => parts.join(''))
const targets = fc.oneof(
  { weight: 4, arbitrary: assembled.map((text) => `/${text}`) },
  { weight: 2, arbitrary: mutated(fc.constantFrom('/admin/x.css', '/a%2fb?x=1', '/%c3%a9/;p/'), pieces) },
  latin1.map((text) => `/${text}`),
  latin1,
  fc.tuple(assembled, fc.nat(9000)).map(([text, count]) => `/${text.repeat(count).slice(0, count)}`),
)

const plain = pathMapping('', undefined, undefined, false)
// Never sent: anything but printable ASCII, fragments, backslashes, and the escapes of controls, # ; ? \ and %XX.
const forbidden = /[^!-~]|#|\\|%(?:[01]|7F|23|3B|3F|5C|25[\dA-F]{2})/i
const dotSegment = /\/(?:\.|%2e){1,2}(?:[/;?]|$)/i

/** The gate that every request target goes through. */
export const requestTarget: FuzzTarget = {
  name: 'request target',
  shortRuns: 20_000,
  open: () => syncProperty(targets, check),
}

function check(raw: string): boolean {
  const found = canonicalPath(raw)
  if (found === undefined) return false
  const sent = upstreamPath(plain, found.path, found.query)
  must(sent === found.path + found.query, () => `sent: ${sent}`)
  must(sent.length <= raw.length, () => `longer: ${sent}`)
  must(!forbidden.test(found.path) && !/[^!-~]|#/.test(found.query), () => `forbidden bytes: ${sent}`)
  must(!dotSegment.test(found.path), () => `a dot segment: ${sent}`)
  const again = canonicalPath(sent)
  must(
    JSON.stringify(again) === JSON.stringify(found),
    () => `not idempotent: ${JSON.stringify([found, again])}`,
  )
  const [path = ''] = raw.split('?')
  must(bytesOf(found.path) === bytesOf(path), () => `other bytes: ${path} became ${found.path}`)
  must(raw.slice(path.length) === found.query, () => `another query: ${found.query}`)
  for (const reading of found.folded) {
    must(canonicalPath(reading)?.path === reading, () => `a reading that is not canonical: ${reading}`)
  }
  return true
}

/** The bytes that a path stands for. */
function bytesOf(path: string): string {
  return path.replace(/%([\da-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
}
