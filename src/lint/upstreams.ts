import ipaddr from 'ipaddr.js'
import type { ListenAddress } from '../config/listen-address.ts'
import type { Source } from '../config/load.ts'
import type { Finding } from '../config/problem.ts'
import type { Config } from '../config/schema.ts'
import type { UpstreamUrl } from '../config/upstream-url.ts'
import { isLoopback } from '../config/web-url.ts'
import { innerRanges } from './inner-network.ts'

/** Where clouds tell a machine its own credentials. */
const metadata: ReadonlySet<string> = new Set([
  ...['169.254.169.254', '169.254.170.2', '100.100.100.200', '[fd00:ec2::254]', 'metadata.google.internal'],
])

/**
 * Names of the public DNS for certain. Others may be a service and its namespace in Kubernetes, as in `orders.dev`, or
 * known to a resolver of one's own.
 */
const publicName = /\.(?:com|net|org|edu|gov|mil|info|biz|io)$|\..+\.[a-z]{2}$/

/** Names in it that say they are for the inside. */
const innerName = /(?:^|\.)(?:internal|intern|intranet|private|local|lan|corp|vpc)[.-]/

/** Finds upstreams that are no services of one's own, or are spoken to unencrypted across the internet. */
export function findUpstreams({ config }: Source): readonly Finding[] {
  return Object.entries(config.upstreams).flatMap(([name, { url }]) => {
    const message = problemOf(url, config)
    return message === undefined ? [] : { path: ['upstreams', name, 'url'], message }
  })
}

function problemOf(url: UpstreamUrl, config: Config): string | undefined {
  const { hostname, protocol } = new URL(url.origin)
  if (isPostern(url, config))
    return 'is Postern itself, to which requests would come round; write where the service listens'
  if (metadata.has(hostname))
    return 'is where a cloud tells a machine its credentials, and routes would hand them out; write where the service listens'
  if (protocol === 'http:' && isPublicHost(hostname))
    return 'is not encrypted, though its host is not one of a private network: whoever is on the way can read tokens and answers; write https://'
  return undefined
}

function isPostern({ origin, socket_path }: UpstreamUrl, { server, admin }: Config): boolean {
  if (socket_path === undefined && server.public_url.includes(origin)) return true
  return [server.listen, admin.listen].some((listen) =>
    socket_path === undefined ? isAt(origin, listen) : 'path' in listen && listen.path === socket_path,
  )
}

function isAt(origin: string, listen: ListenAddress): boolean {
  if ('path' in listen) return false
  const { hostname, port, protocol } = new URL(origin)
  if (Number(port || (protocol === 'https:' ? 443 : 80)) !== listen.port) return false
  const isEverywhere = listen.host === '0.0.0.0' || listen.host === '::'
  return isEverywhere ? isLoopback(origin) : addressOf(hostname) === addressOf(listen.host)
}

function addressOf(host: string): string {
  return host === 'localhost' ? '127.0.0.1' : bare(host)
}

/** A name without a dot is one of a container network or a resolver's own. */
function isPublicHost(hostname: string): boolean {
  const host = bare(hostname)
  if (ipaddr.isValid(host)) return !innerRanges.has(ipaddr.process(host).range())
  return publicName.test(host) && !innerName.test(host)
}

function bare(host: string): string {
  return host.replace(/^\[|\]$/g, '')
}
