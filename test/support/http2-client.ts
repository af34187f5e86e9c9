import { once } from 'node:events'
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2'
import type { Test } from 'tap'
import type { Gateway } from './gateway.ts'
import { pem } from './recorder.ts'

/** What came of a request; a status of 0: nothing but a reset. */
export type Http2Answer = Readonly<{
  status: number
  headers: IncomingHttpHeaders
  body: string
  /** The code the stream ended with, 0 when nothing went wrong. */
  code: number
  /** Whether its end was announced, and so the body is whole. */
  isWhole: boolean
}>

export type Http2Client = Readonly<{
  session: ClientHttp2Session
  /** Opens a stream whose body is still to come. */
  open: (headers: OutgoingHttpHeaders) => ClientHttp2Stream
  ask: (headers: OutgoingHttpHeaders, body?: string) => Promise<Http2Answer>
  closed: Promise<unknown>
}>

/** Connects by HTTP/2, as Node's own client does it. */
export async function connectHttp2(t: Test, { port }: Gateway): Promise<Http2Client> {
  const session = connect(`https://localhost:${port}`, { ca: pem('ca') })
  t.teardown(() => session.destroy())
  session.on('error', () => undefined)
  const closed = new Promise((resolve) => session.on('close', resolve))
  await once(session, 'connect')
  const open = (headers: OutgoingHttpHeaders) => session.request(headers, { endStream: false })
  return {
    session,
    open,
    ask: (headers, body) => {
      const stream = session.request(headers, { endStream: body === undefined })
      if (body !== undefined) stream.end(body)
      return answerOf(stream)
    },
    closed,
  }
}

/** Resolves when the stream is over. */
export function answerOf(stream: ClientHttp2Stream): Promise<Http2Answer> {
  let headers: IncomingHttpHeaders = {}
  let body = ''
  stream.setEncoding('latin1')
  stream.on('response', (received) => {
    headers = received
  })
  stream.on('data', (text: string) => {
    body += text
  })
  stream.on('error', () => undefined)
  return new Promise((resolve) => {
    stream.on('close', () => {
      const code = stream.rstCode as number
      resolve({ status: Number(headers[':status'] ?? 0), headers, body, code, isWhole: code === 0 })
    })
  })
}
