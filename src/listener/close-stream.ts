import type { ServerHttp2Stream } from 'node:http2'

/**
 * Ends a stream with an error code, and its connection too where the client does not take even that within so many
 * milliseconds: Node would keep both, and whatever the request holds, for as long as the client likes.
 */
export function closeStream(stream: ServerHttp2Stream, code: number, withinMs: number | 'none'): void {
  const { session } = stream
  stream.close(code)
  if (stream.destroyed || withinMs === 'none') return
  const unnoticed = setTimeout(() => session?.destroy(), withinMs)
  stream.once('close', () => clearTimeout(unnoticed))
}
