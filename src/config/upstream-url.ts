import { isPlainPath, parsed } from './text.ts'
import { parseWebUrl } from './web-url.ts'

/** Where an upstream listens. `origin` is http://localhost for a unix socket; `base_path` begins with / or is empty. */
export type UpstreamUrl = { origin: string; socket_path?: string; base_path: string }

/** `http://host:port`, `https://host` with an optional base path, or `unix:/path/to.sock`. */
export const upstreamUrl = parsed<UpstreamUrl>(
  'must be http://host:port, https://host:port or unix:/path, with at most a plain path after the host',
  (text) => parseSocket(text) ?? parseHttp(text),
)

function parseSocket(text: string): UpstreamUrl | undefined {
  const [, path] = /^unix:(\/\P{Cc}+)$/u.exec(text) ?? []
  return path === undefined ? undefined : { origin: 'http://localhost', socket_path: path, base_path: '' }
}

function parseHttp(text: string): UpstreamUrl | undefined {
  const url = parseWebUrl(text)
  const path = text.replace(/^https?:\/\/[^/?#]*/i, '').replace(/\/$/, '')
  return url && (path === '' || isPlainPath(path)) ? { origin: url.origin, base_path: path } : undefined
}
