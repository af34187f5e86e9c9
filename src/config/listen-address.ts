import ipaddr from 'ipaddr.js'
import { parsed } from './text.ts'

/** Where a listener waits for connections. */
export type ListenAddress = { host: string; port: number } | { path: string }

/** `host:port`, `[::]:port`, `:port` (every IPv4 address) or `unix:/path`. */
export const listenAddress = parsed<ListenAddress>(
  'must be host:port, [::]:port, :port or unix:/path, like 0.0.0.0:4180',
  (text) => parseSocketPath(text) ?? parseHostAndPort(text),
)

function parseSocketPath(text: string): ListenAddress | undefined {
  const [, path] = /^unix:(\/\P{Cc}+)$/u.exec(text) ?? []
  return path === undefined ? undefined : { path }
}

function parseHostAndPort(text: string): ListenAddress | undefined {
  const [, bracketed, name, port] = /^(?:\[([^\]]*)\]|([\w.-]*)):(\d{1,5})$/.exec(text) ?? []
  const isHost = bracketed === undefined || ipaddr.IPv6.isValid(bracketed)
  return isHost && Number(port) <= 65535
    ? { host: bracketed ?? (name || '0.0.0.0'), port: Number(port) }
    : undefined
}
