import fc from 'fast-check'
import t from 'tap'
import { canonicalPath } from '../../src/core/request-path.ts'
import { trimmed, withoutDots } from '../attack/readers.ts'

const words = [
  'admin',
  'ADMIN',
  'public',
  'a',
  'x.css',
  '.',
  '..',
  '...',
  '-',
  '|',
  '@',
  '+',
  '&',
  '=',
  ':',
  '!',
]
const escapes = [
  '2e',
  '2E',
  '2f',
  '5c',
  '20',
  '09',
  '00',
  '25',
  '252e',
  '41',
  '3b',
  '40',
  '26',
  '3f',
  '7c',
  '5B',
]
const foreign = [
  'c3%a9',
  'cc%81',
  'ef%bc%8e',
  'ef%bc%8f',
  'e2%80%8b',
  'e2%80%8d',
  'c3%9f',
  'e2%84%aa',
  'c4%b1',
  'c0%ae',
]
const odd = [
  '\\',
  ';',
  ';',
  ';a=b',
  '/',
  '/',
  '/',
  '/',
  '//',
  '%',
  '%%',
  '%u002e',
  '#',
  '\x00',
  '\xe9',
  ' ',
  '%e3%80%82',
]
const token = fc.constantFrom(
  ...words,
  ...escapes.map((hex) => `%${hex}`),
  ...foreign.map((hex) => `%${hex}`),
  ...odd,
)
const character = fc.integer({ min: 0x21, max: 0xff }).map((code) => String.fromCharCode(code))
const target = fc
  .array(fc.oneof({ weight: 20, arbitrary: token }, { weight: 1, arbitrary: character }), { maxLength: 9 })
  .map((tokens) => `/${tokens.join('')}`)

/** Decodes what can be decoded and leaves the rest. */
function decoded(path: string): string {
  return path.replace(/(?:%[\da-f]{2})+/gi, (run) => {
    try {
      return decodeURIComponent(run)
    } catch {
      return run
    }
  })
}

const readers: Record<string, (path: string) => string> = {
  'RFC 3986 dot removal': withoutDots,
  'WHATWG URL': (path) => new URL(`http://host${path}`).pathname,
  'one decoding': decoded,
  'two decodings': (path) => decoded(decoded(path)),
  'three decodings': (path) => decoded(decoded(decoded(path))),
  '%uXXXX': (path) => path.replace(/%u(....)/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))),
  'no parameters': (path) => path.replace(/;[^/]*/g, ''),
  'backslash as slash': (path) => decoded(path).replaceAll('\\', '/'),
  'merged slashes': (path) => path.replace(/\/+/g, '/'),
  'trimmed segments': (path) => trimmed(decoded(path)),
  'cut at NUL, ? or #': (path) => decoded(path).split(/[\0?#]/)[0] as string,
  'no controls': (path) => decoded(path).replace(/\p{Cc}/gu, ''),
  'no invisible characters': (path) => decoded(path).replace(/\p{Cf}/gu, ''),
  NFKC: (path) => decoded(path).normalize('NFKC'),
  'upper case': (path) => decoded(path).toUpperCase(),
}

/** What of a reading can matter to a rule: no pattern has a segment with a blank, a last dot, or beyond ASCII. */
function seen(reading: string): string {
  const segments = decoded(reading).toLowerCase().split('/')
  return segments.map((segment) => (/\P{ASCII}|\s|[^.]\.+$/u.test(segment) ? '¿' : segment)).join('/')
}

t.test(
  'every lax reading of what it lets through, and of that again, is one of the readings it names',
  async () => {
    fc.assert(
      fc.property(target, (raw) => {
        const found = canonicalPath(raw)
        if (found === undefined) return
        const named = new Set([found.path, ...found.folded].map(seen))
        for (const [first, read] of Object.entries(readers)) {
          for (const [second, readAgain] of Object.entries(readers)) {
            const reading = readAgain(read(found.path))
            if (!named.has(seen(reading)))
              throw new Error(`${first}, ${second}: ${found.path} is read as ${reading}`)
          }
        }
      }),
      { numRuns: 6000 },
    )
  },
)

t.test('what it lets through, and each reading of that, is canonical already', async () => {
  fc.assert(
    fc.property(target, fc.constantFrom('', '?', '?a=%zz'), (raw, query) => {
      const found = canonicalPath(raw + query)
      if (found === undefined) return true
      const again = [found.path, ...found.folded].map((path) => canonicalPath(path + found.query))
      return again.every(
        (other, index) =>
          other?.path === [found.path, ...found.folded][index] && other?.query === found.query,
      )
    }),
    { numRuns: 20_000 },
  )
})

t.test('lets most plain targets through', async (t) => {
  const plain = fc
    .array(fc.stringMatching(/^[\w-]{1,8}$/), { minLength: 1 })
    .map((segments) => `/${segments.join('/')}`)
  fc.assert(fc.property(plain, (raw) => canonicalPath(raw)?.path === raw))
  t.pass()
})
