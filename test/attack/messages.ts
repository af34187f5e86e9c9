import { readFileSync } from 'node:fs'
import type { Test } from 'tap'
import type { Connection } from '../support/recorder.ts'
import { valuesOf } from '../support/scene.ts'

/** Whom the messages are for. */
export const host = 'app.example.com'

/** One raw message, and what must come of it. */
export type MessageRow = Readonly<{
  id: string
  name: string
  bytes: string
  /** The first answer has one of these. */
  statuses: readonly string[]
  mustClose: boolean
}>

/** The rows of `test/data/messages.tsv`. */
export function messageRows(): MessageRow[] {
  const text = readFileSync(new URL('../../../test/data/messages.tsv', import.meta.url), 'utf8')
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [id = '', name = '', raw = '', statuses = '', close] = line.split('\t')
      return { id, name, bytes: unescaped(raw), statuses: statuses.split(','), mustClose: close === 'close' }
    })
}

const controls: Readonly<Record<string, string>> = { r: '\r', n: '\n', t: '\t', '\\': '\\' }

function unescaped(raw: string): string {
  return raw
    .replace(/\\(?:x([\da-f]{2})|([rnt\\]))/gi, (_, byte, control: string) =>
      byte === undefined ? (controls[control] as string) : String.fromCharCode(Number.parseInt(byte, 16)),
    )
    .replace(/\{(.)\*(\d+)\}/g, (_, char: string, count) => char.repeat(Number(count)))
}

/** One request as a strict reader takes it from a connection: the lines of its head, and its body. */
type ReadRequest = Readonly<{ head: readonly string[]; body: string }>

/** The complete requests in the bytes of a connection, one after the other; what is left is no request yet. */
export function requestsIn(bytes: string): ReadRequest[] {
  const found: ReadRequest[] = []
  let rest = bytes
  for (;;) {
    const end = rest.indexOf('\r\n\r\n')
    if (end < 0) return found
    const head = rest.slice(0, end).split('\r\n')
    const length = bodyLength(head, rest.slice(end + 4))
    if (length === undefined || rest.length < end + 4 + length) return found
    found.push({ head, body: rest.slice(end + 4, end + 4 + length) })
    rest = rest.slice(end + 4 + length)
  }
}

/** How many bytes the body takes, chunk lines included; undefined while it is not complete. */
function bodyLength(head: readonly string[], rest: string): number | undefined {
  const headerOf = (name: string) =>
    head.find((line) => line.toLowerCase().startsWith(`${name}: `))?.slice(name.length + 2)
  if (headerOf('transfer-encoding') === undefined) return Number(headerOf('content-length') ?? 0)
  for (let at = 0; ; ) {
    const size = /^([\da-f]+)\r\n/i.exec(rest.slice(at))
    if (size === null) return undefined
    const count = Number.parseInt(size[1] as string, 16)
    at += size[0].length + count + 2
    if (count === 0) return at
  }
}

/** What an upstream may see of one message: one request at most, for what was judged, framed in one way. */
export function checkArrival(t: Test, requests: readonly ReadRequest[]): void {
  t.ok(requests.length <= 1, 'one request at most')
  for (const { head } of requests) {
    t.match(head[0], /^[A-Z]+ \/public\/\S* HTTP\/1\.1$/)
    const names = head.slice(1).map((line) =>
      line
        .slice(0, line.indexOf(':'))
        .toLowerCase()
        .replace(/[^a-z]/g, '-'),
    )
    const count = (name: string) => names.filter((each) => each === name).length
    t.strictSame(valuesOf(head, 'host'), [host])
    t.equal(count('host'), 1)
    t.ok(count('content-length') + count('transfer-encoding') <= 1, 'framed in one way')
    for (const name of ['authorization', 'x-forwarded-user', 'upgrade', 'expect', 'trailer'])
      t.equal(count(name), 0, name)
    t.notMatch(head.join('\n'), /smug|evil|h2c/i)
  }
}

/** Answers each request that is complete, and nothing else. */
export function answerEach(connection: Connection): void {
  let answered = 0
  connection.socket.on('data', () => {
    for (; answered < requestsIn(connection.bytes()).length; answered += 1)
      connection.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi')
  })
}
