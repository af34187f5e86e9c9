import type { Socket } from 'node:net'

/** What undici keeps on a socket to read responses with. */
type Parser = {
  paused: boolean
  resume: () => void
  ptr: number
  llhttp: { llhttp_resume: (ptr: number) => void }
}

/**
 * Makes an upstream's connection safe to end while its response is held back for a slow client.
 *
 * undici 7 then fails an assertion in an event handler of its own, where nothing can catch it, and the process is gone
 * (nodejs/undici issue 5360; mended in undici 8, which Node 20 cannot run). So its parser is set going again just before.
 * To be called before undici adds its own listeners, as in a connector.
 */
export function releaseParserAtEnd(socket: Socket): void {
  socket.on('end', () => finishPaused(socket))
  socket.on('error', () => forgetPause(socket))
  socket.on('close', () => forgetPause(socket))
}

/** What is left to parse was read already: at most one chunk goes past the back-pressure. */
function finishPaused(socket: Socket): void {
  pausedParser(socket)?.resume()
  // A body that only the end of the connection ends stays paused: its end is told by what undici does next.
  const parser = pausedParser(socket)
  parser?.llhttp.llhttp_resume(parser.ptr)
  forgetPause(socket)
}

/** The connection is gone, and with it the rest of the response: undici then reports it as broken off. */
function forgetPause(socket: Socket): void {
  const parser = pausedParser(socket)
  if (parser !== undefined) parser.paused = false
}

function pausedParser(socket: Socket): Parser | undefined {
  const key = Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'parser')
  const parser = key && (socket as unknown as Record<symbol, Parser | null>)[key]
  return parser?.paused ? parser : undefined
}
