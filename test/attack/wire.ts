import type { Gateway } from '../support/gateway.ts'
import type { Connection } from '../support/recorder.ts'
import { requestBytes } from '../support/scene.ts'

/** An answer as its bytes came, taken apart. */
export type Answer = Readonly<{
  status: number
  headers: readonly (readonly [string, string])[]
  body: string
}>

/** Takes the first answer in some bytes apart; names in lower case. */
export function answerOf(bytes: string): Answer {
  const end = bytes.indexOf('\r\n\r\n')
  const [statusLine = '', ...lines] = bytes.slice(0, end).split('\r\n')
  return {
    status: Number(statusLine.split(' ')[1]),
    headers: lines.map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).replace(/^[ \t]+/, '')] as const
    }),
    body: bytes.slice(end + 4),
  }
}

/** The values of a header in an answer. */
export function valuesIn({ headers }: Answer, name: string): string[] {
  return headers.filter(([other]) => other === name).map(([, value]) => value)
}

/** What a browser would send back after these answers, as name and value. */
export function cookiesAfter(
  answer: Answer,
  before: ReadonlyMap<string, string> = new Map(),
): Map<string, string> {
  const jar = new Map(before)
  for (const line of valuesIn(answer, 'set-cookie')) {
    const [pair = ''] = line.split(';')
    const name = pair.slice(0, pair.indexOf('='))
    if (/;\s*max-age=0\b/i.test(line)) jar.delete(name)
    else jar.set(name, pair.slice(pair.indexOf('=') + 1))
  }
  return jar
}

/** A Cookie header of a jar; none when it is empty. */
export function cookieHeader(jar: ReadonlyMap<string, string>): string[] {
  return jar.size === 0 ? [] : [`Cookie: ${[...jar].map(([name, value]) => `${name}=${value}`).join('; ')}`]
}

/** An upstream that answers each request head by what `script` makes of its request line. */
export function scripted(script: (requestLine: string) => string): (connection: Connection) => void {
  return (connection) => {
    let seen = 0
    connection.socket.on('data', () => {
      const heads = [...connection.bytes().matchAll(/([A-Z]+ \S+ HTTP\/1\.1)\r\n[\s\S]*?\r\n\r\n/g)]
      for (const [, line = ''] of heads.slice(seen)) connection.send(script(line))
      seen = heads.length
    })
  }
}

/** The escapes of the data files undone, in any column. */
export function unescaped(text: string): string {
  return text.replace(/\\(?:x([\da-f]{2})|(.))/gi, (_, hex, char: string) =>
    char === undefined
      ? String.fromCharCode(Number.parseInt(hex, 16))
      : ({ t: '\t', r: '\r', n: '\n' }[char] ?? char),
  )
}

/** Sends requests on one connection, the next before the answer of the last, and gives the answers. */
export async function inOneGo(gateway: Gateway, requests: readonly (readonly string[])[]): Promise<Answer[]> {
  const bytes = requests.map(([line = '', ...headers], index) =>
    requestBytes(gateway, line, [
      ...headers,
      index === requests.length - 1 ? 'Connection: close' : 'Connection: keep-alive',
    ]),
  )
  return answersIn(await gateway.exchange(bytes.join('')))
}

/** All answers in some bytes, by their lengths. */
function answersIn(bytes: string): Answer[] {
  const answers: Answer[] = []
  for (let rest = bytes; rest !== ''; ) {
    const answer = answerOf(rest)
    const length = Number(valuesIn(answer, 'content-length')[0] ?? 0)
    answers.push({ ...answer, body: answer.body.slice(0, length) })
    rest = answer.body.slice(length)
  }
  return answers
}
