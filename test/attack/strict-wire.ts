/** One HTTP/1.1 message as its bytes say, one character a byte. */
export type Message = Readonly<{
  /** The request or status line. */
  start: string
  headers: readonly (readonly [name: string, value: string])[]
  body: string
}>

/** What was cut off a stream of bytes, and what is left of it. */
export type Cut = Readonly<{ messages: readonly Message[]; rest: string }>

const requestLine = /^[!#$%&'*+\-.^`|~\w]+ [!-~]+ HTTP\/1\.1$/
const statusLine = /^HTTP\/1\.1 (\d{3}) [\t -~]*$/
const headerLine = /^([!#$%&'*+\-.^`|~\w]+): *([\t -~\x80-\xff]*)$/

/**
 * Cuts a stream into its messages, as the strictest reader there can be.
 *
 * @param isHead - whether the first one answers a HEAD and so has no body, whatever it says
 * @throws {Error} when another reader could find other messages in it: anything that RFC 9112 leaves to the recipient
 */
export function messagesIn(bytes: string, isHead = false): Cut {
  const messages: Message[] = []
  let rest = bytes
  for (;;) {
    const found = firstMessage(rest, isHead && isFirst(messages))
    if (found === undefined) return { messages, rest }
    messages.push(found.message)
    rest = found.rest
  }
}

/** Interim answers come before the first one (RFC 9110 section 15.2). */
function isFirst(messages: readonly Message[]): boolean {
  return messages.every((message) => statusOf(message) < 200)
}

function firstMessage(bytes: string, isHead: boolean): { message: Message; rest: string } | undefined {
  const end = bytes.indexOf('\r\n\r\n')
  if (end === -1) return undefined
  const [start = '', ...lines] = bytes.slice(0, end).split('\r\n')
  if (!requestLine.test(start) && !statusLine.test(start)) throw new Error(`no start line: ${start}`)
  const headers = lines.map(headerOf)
  const after = bytes.slice(end + 4)
  const framed = isHead ? { body: '', rest: after } : bodyOf(after, start, headers)
  return framed && { message: { start, headers, body: framed.body }, rest: framed.rest }
}

function headerOf(line: string): readonly [string, string] {
  const [, name, value] = headerLine.exec(line) ?? []
  if (name === undefined || value === undefined) throw new Error(`no header line: ${JSON.stringify(line)}`)
  return [name.toLowerCase(), value.trimEnd()]
}

type Framed = { body: string; rest: string }

function bodyOf(bytes: string, start: string, headers: Message['headers']): Framed | undefined {
  const lengths = valuesOf({ headers }, 'content-length')
  const codings = valuesOf({ headers }, 'transfer-encoding')
  if (lengths.length + codings.length > 1) throw new Error(`framed twice: ${[...lengths, ...codings]}`)
  const [length] = lengths
  const [coding] = codings
  if (/^HTTP\/1\.1 (?:1\d\d|204|304) /.test(start)) return { body: '', rest: bytes }
  if (length !== undefined) return ofLength(bytes, length)
  if (coding === undefined) return { body: '', rest: bytes }
  if (coding !== 'chunked') throw new Error(`coding ${coding}`)
  return ofChunks(bytes)
}

function ofLength(bytes: string, length: string): Framed | undefined {
  if (!/^(?:0|[1-9]\d*)$/.test(length)) throw new Error(`length ${length}`)
  const end = Number(length)
  return bytes.length < end ? undefined : { body: bytes.slice(0, end), rest: bytes.slice(end) }
}

function ofChunks(bytes: string): Framed | undefined {
  let body = ''
  let rest = bytes
  for (;;) {
    const end = rest.indexOf('\r\n')
    if (end === -1) return undefined
    const size = rest.slice(0, end)
    if (!/^[\da-f]{1,8}$/i.test(size)) throw new Error(`chunk size ${JSON.stringify(size)}`)
    const length = Number.parseInt(size, 16)
    const chunk = rest.slice(end + 2, end + 2 + length)
    const after = rest.slice(end + 2 + length)
    if (after.length < 2) return undefined
    if (!after.startsWith('\r\n')) throw new Error('a chunk or trailer without its end')
    body += chunk
    rest = after.slice(2)
    if (length === 0) return { body, rest }
  }
}

/** The values of a header, by its name in lower case. */
export function valuesOf({ headers }: Pick<Message, 'headers'>, name: string): string[] {
  return headers.filter(([known]) => known === name).map(([, value]) => value)
}

/** The target of a request. */
export function targetOf({ start }: Message): string {
  return start.split(' ')[1] as string
}

/** The status of a response. */
export function statusOf({ start }: Message): number {
  return Number(start.split(' ')[1])
}
