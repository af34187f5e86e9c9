import type { Socket } from 'node:net'
import { pageHeaders, problemHeaders } from '../pages/headers.ts'
import { headersTooLargePage } from '../pages/headers-too-large.ts'
import { problem } from '../pages/problem.ts'

/** The error of a message that Node's parser gave up on. */
type ParseError = Error & { code?: string }

/** How long a client has to read the answer and close its side, in milliseconds. */
const lingerMs = 1_000

/**
 * Builds the answer to bytes that never became a request: 431 for too many header bytes (a page, since cookies are
 * the usual cause and a person has to act), 408 for headers that do not come, 400 for all else; then the end.
 * `onRefusal` is told the status.
 */
export function createRefuseUnreadable(
  prefix: string,
  createRequestId: () => string,
  onRefusal: (status: number) => void,
) {
  return (error: ParseError, socket: Socket): void => {
    // Bytes behind a request that said it is the last one: they are not looked at, and its answer ends the connection.
    if (error.code === 'HPE_CLOSED_CONNECTION') return
    // A client that reset the connection, or one that is in the middle of an answer, cannot be told anything.
    if (error.code === 'ECONNRESET' || !socket.writable || socket.bytesWritten > 0) {
      socket.destroy()
      return
    }
    // When an upgrade is refused, nobody else listens any more, and an error without a listener ends the process.
    socket.on('error', () => socket.destroy())
    const { status, bytes } = answerTo(error, prefix, createRequestId())
    socket.end(bytes, 'latin1')
    onRefusal(status)
    // That closes our side only: a client that keeps its own open must not keep the connection.
    setTimeout(() => socket.destroy(), lingerMs).unref()
  }
}

function answerTo({ code }: ParseError, prefix: string, requestId: string) {
  if (code === 'HPE_HEADER_OVERFLOW') {
    const page = headersTooLargePage({ requestId, prefix })
    return message(431, 'Request Header Fields Too Large', pageHeaders(page), page.html)
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return message(408, 'Request Timeout', problemHeaders, refusal(408, 'request-timeout', requestId))
  }
  return message(400, 'Bad Request', problemHeaders, refusal(400, 'message-malformed', requestId))
}

function refusal(status: number, reason: string, requestId: string): string {
  return problem({ status, reason, requestId, detail: 'The request could not be read.' })
}

function message(status: number, reason: string, headers: Readonly<Record<string, string>>, body: string) {
  const bytes = Buffer.from(body)
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  const head = [
    `HTTP/1.1 ${status} ${reason}`,
    ...lines,
    `content-length: ${bytes.length}`,
    'connection: close',
    '',
    '',
  ]
  return { status, bytes: head.join('\r\n') + bytes.toString('latin1') }
}
