import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { pageHeaders, problemHeaders } from '../pages/headers.ts'
import { headersTooLargePage } from '../pages/headers-too-large.ts'
import { problem } from '../pages/problem.ts'

/** The error of a message that Node's parser gave up on. */
type ParseError = Error & { code?: string }

/** How long a client has to read the answer and close its side, in milliseconds. */
const lingerMs = 1_000

/** Answers to what is no request that could be judged. */
export type Unreadable = Readonly<{
  /** Answers bytes that never became a request, and ends their connection. */
  refuseBytes: (error: ParseError, socket: Socket) => void
  /** Answers a request of HTTP/2 that could not have come by HTTP/1.1. */
  refuseRequest: (error: ParseError, response: ServerResponse) => void
}>

/**
 * Builds the answers to what cannot be read: 431 for too many header bytes (a page, since cookies are the usual cause and a
 * person has to act), 408 for headers that do not come, 400 for all else. `onRefusal` is told the status.
 */
export function createUnreadable(
  prefix: string,
  createRequestId: () => string,
  onRefusal: (status: number) => void,
): Unreadable {
  return { refuseBytes, refuseRequest }

  function refuseBytes(error: ParseError, socket: Socket): void {
    // Bytes behind a request that said it is the last one: they are not looked at, and its answer ends the connection.
    if (error.code === 'HPE_CLOSED_CONNECTION') return
    // A client that reset the connection, or one that is in the middle of an answer, cannot be told anything.
    if (error.code === 'ECONNRESET' || !socket.writable || socket.bytesWritten > 0) {
      socket.destroy()
      return
    }
    // When an upgrade is refused, nobody else listens any more, and an error without a listener ends the process.
    socket.on('error', () => socket.destroy())
    const answer = answerTo(error, prefix, createRequestId())
    socket.end(bytesOf(answer), 'latin1')
    onRefusal(answer.status)
    // That closes our side only: a client that keeps its own open must not keep the connection.
    setTimeout(() => socket.destroy(), lingerMs).unref()
  }

  function refuseRequest(error: ParseError, response: ServerResponse): void {
    const { status, headers, body } = answerTo(error, prefix, createRequestId())
    response.writeHead(status, { ...headers })
    response.end(body)
    onRefusal(status)
  }
}

type Answer = Readonly<{
  status: number
  reason: string
  headers: Readonly<Record<string, string>>
  body: string
}>

function answerTo({ code }: ParseError, prefix: string, requestId: string): Answer {
  if (code === 'HPE_HEADER_OVERFLOW') {
    const page = headersTooLargePage({ requestId, prefix })
    return {
      status: 431,
      reason: 'Request Header Fields Too Large',
      headers: pageHeaders(page),
      body: page.html,
    }
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return refusal(408, 'Request Timeout', 'request-timeout', requestId)
  return refusal(400, 'Bad Request', 'message-malformed', requestId)
}

function refusal(status: number, reason: string, cause: string, requestId: string): Answer {
  const detail = 'The request could not be read.'
  return {
    status,
    reason,
    headers: problemHeaders,
    body: problem({ status, reason: cause, requestId, detail }),
  }
}

function bytesOf({ status, reason, headers, body }: Answer): string {
  const bytes = Buffer.from(body)
  const head = [
    `HTTP/1.1 ${status} ${reason}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    `content-length: ${bytes.length}`,
    'connection: close',
    '',
    '',
  ]
  return head.join('\r\n') + bytes.toString('latin1')
}
