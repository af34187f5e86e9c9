import { corpus } from '../support/corpus.ts'
import { block, data, type Field, headerBlock } from '../support/http2-frames.ts'
import type { StreamAnswer } from '../support/http2-wire.ts'
import { messageRows } from './messages.ts'
import type { Message } from './strict-wire.ts'

/** Whom the messages are for. */
const host = 'app.example.com'

/** A message of HTTP/2: its fields, what its DATA frames hold, and its trailers. */
type Http2Message = Readonly<{
  fields: readonly Field[]
  data: readonly string[]
  trailers?: readonly Field[] | undefined
}>

/** A message, and what may come of it: a status, `reset` of the stream, `closed` for the whole connection. */
export type Http2Row = Http2Message &
  Readonly<{
    id: string
    what: string
    answers: readonly string[]
    /** Method and target that the upstream gets when it is served. */
    upstream: string
  }>

const token = /^[!#$%&'*+\-.^`|~\w]+$/
/** No controls, and no blanks around it (RFC 9113 section 8.2.1). */
const fieldValue = /^(?![ \t])[\t -~\x80-\xff]*(?<![ \t])$/

/** The fields that every request begins with, for whichever are not given. */
export function pseudoFields({ method = 'GET', path = '/public/x', authority = host } = {}): Field[] {
  return [
    [':method', method],
    [':scheme', 'https'],
    [':authority', authority],
    [':path', path],
  ]
}

/** The rows of `test/data/http2-messages.tsv`. */
export function http2Rows(): Http2Row[] {
  return corpus('http2-messages.tsv').map(
    ([script = '', id = '', what = '', answers = '', upstream = '']) => ({
      ...messageOf(script.split(' | ')),
      id,
      what,
      answers: answers.split('|'),
      upstream,
    }),
  )
}

/** Reads the steps of a script: `GET`, `POST`, `name=value`, `DATA=bytes`, and what follows `TRAILERS`. */
function messageOf(steps: readonly string[]): Http2Message {
  const cut = steps.includes('TRAILERS') ? steps.indexOf('TRAILERS') : steps.length
  const pairs = steps.slice(0, cut).map(pairOf)
  return {
    fields: pairs
      .filter(([name]) => name !== 'DATA')
      .flatMap(([name, value]) =>
        /^[A-Z]+$/.test(name) ? pseudoFields({ method: name }) : [[name, value] as const],
      ),
    data: pairs.filter(([name]) => name === 'DATA').map(([, value]) => value),
    trailers: cut === steps.length ? undefined : steps.slice(cut + 1).map(pairOf),
  }
}

function pairOf(step: string): Field {
  const [, name = '', value = ''] = /^(:?[^=]*)(?:=([\s\S]*))?$/.exec(step) ?? []
  return [name, value]
}

/**
 * The rows of `test/data/smuggling.tsv` that have a head, as fields and data: Host becomes `:authority`, and all that stands
 * behind the head is the body. What is refused over HTTP/1.1 has to be refused here; what is served there may be.
 */
export function translatedRows(): Http2Row[] {
  return messageRows().flatMap(({ bytes, id, what, answers }) => {
    const [, method, path, lines, body = ''] =
      /^([A-Za-z]+) +(.+?) HTTP\/1\.[01]\r\n((?:[\s\S]*?\r\n)?)\r\n([\s\S]*)$/.exec(bytes) ?? []
    if (method === undefined || path === undefined || lines === undefined) return []
    const written = lines.split('\r\n').filter(Boolean)
    if (!written.every((line) => line.includes(':'))) return []
    const pairs = written.map(fieldOf)
    const [first, ...hosts] = pairs.filter(([name]) => name === 'host')
    const authority = first === undefined ? [] : [[':authority', first[1]] as const]
    const others = pairs.filter(([name]) => name !== 'host')
    const isServed = answers.some((statuses) => statuses.startsWith('200'))
    const isFine = [...others, ...hosts].some((field) => isForgotten(field, first?.[1]))
    return [
      {
        id: `${id}-h2`,
        what,
        answers: [...refused, ...(isServed || isFine ? ['200'] : [])],
        upstream: `${method} ${path}`,
        fields: [
          [':method', method],
          [':scheme', 'https'],
          ...authority,
          [':path', path],
          ...others,
          ...hosts,
        ],
        data: body === '' ? [] : [body],
      },
    ]
  })
}

/** A field that nghttp2 leaves out, or a Host that only says again what `:authority` says. */
function isForgotten([name, value]: Field, authority: string | undefined): boolean {
  return !token.test(name) || !fieldValue.test(value) || (name === 'host' && value === authority)
}

const refused = ['400', '401', '404', '405', '417', '421', '431', '501', '505', 'reset', 'closed']

function fieldOf(line: string): Field {
  const colon = line.indexOf(':')
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).replace(/^ /, '')]
}

/** Every frame of a message, no longer than `most`; the last one ends the stream. */
export function framesOf(stream: number, message: Http2Message, most?: number): Buffer[] {
  const { fields, data: parts, trailers } = message
  const pieces = parts.flatMap((part) => (most === undefined ? [part] : inPieces(part, most)))
  return [
    block(stream, headerBlock(fields), pieces.length === 0 && trailers === undefined, most),
    ...pieces.map((piece, index) =>
      data(stream, piece, index === pieces.length - 1 && trailers === undefined),
    ),
    ...(trailers === undefined ? [] : [block(stream, headerBlock(trailers), true, most)]),
  ]
}

function inPieces(text: string, most: number): string[] {
  const count = Math.max(1, Math.ceil(text.length / most))
  return Array.from({ length: count }, (_, index) => text.slice(index * most, (index + 1) * most))
}

/** What came of a stream, as the rows name it. */
export function outcomeOf({ status, isWhole, reset }: StreamAnswer): string {
  if (status !== undefined && (isWhole || reset === 'NO_ERROR')) return String(status)
  return reset === undefined ? 'closed' : 'reset'
}

/** The body as it was announced, or all that was sent where nothing was, or more. */
export function bodyOf({ fields, data: parts }: Http2Message): string {
  const [, length] = fields.find(([name]) => name === 'content-length') ?? []
  const sent = parts.join('')
  return /^\d+$/.test(length ?? '') ? sent.slice(0, Number(length)) : sent
}

/** What the gateway itself tells an upstream. */
const own =
  /^(?:host|connection|content-length|transfer-encoding|x-request-id|x-real-ip|x-forwarded-(?:for|host|proto))$/

/** Headers at the upstream that are neither the gateway's nor well-formed fields of the row. */
export function strangeHeaders({ fields }: Http2Message, message: Message): string[] {
  const sent = new Set(
    fields.filter(([name, value]) => token.test(name) && fieldValue.test(value)).map(([name]) => name),
  )
  return message.headers
    .filter(([name]) => !own.test(name) && !sent.has(name))
    .map(([name, value]) => `a header ${name}: ${value}`)
}
