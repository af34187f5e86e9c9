import type { IncomingMessage } from 'node:http'
import { hostKey, parseHost } from '../core/host.ts'
import { createMemo } from '../core/memo.ts'
import type { Origin } from './visit.ts'

/** What the trusted proxies in front can tell of a request's way here. */
type Trust = Readonly<{
  isTrusted: (peer: string | undefined) => boolean
  clientOf: (peer: string | undefined, forwardedFor: string | undefined) => { address: string; chain: string }
  schemeOf: (peer: string | undefined, forwardedProto: string | undefined) => 'http' | 'https' | undefined
  hostOf: (peer: string | undefined, forwardedHost: string | undefined) => string | undefined
}>

/** Host headers that are not read again. */
const rememberedHosts = 256

const hostsOf = {
  http: createMemo(rememberedHosts, (header) => keyOf(header, 'http')),
  https: createMemo(rememberedHosts, (header) => keyOf(header, 'https')),
}

/** The host of a request as rules and sites name it; undefined when it is not well-formed. */
export function hostOf(header: string, scheme: 'http' | 'https'): string | undefined {
  return hostsOf[scheme](header)
}

function keyOf(header: string, scheme: 'http' | 'https'): string | undefined {
  const host = parseHost(header)
  return host && hostKey(host, scheme)
}

/** Builds the one reader of where a request came from and which host it asked for. */
export function createOriginOf(trust: Trust, defaultScheme: 'http' | 'https') {
  return ({ socket, headers }: IncomingMessage): Origin => {
    const peer = socket.remoteAddress
    const isProxied = trust.isTrusted(peer)
    const { address, chain } = trust.clientOf(peer, joined(headers['x-forwarded-for']))
    const scheme = trust.schemeOf(peer, joined(headers['x-forwarded-proto']))
    const asked = headers.host ?? ''
    const told = joined(headers['x-forwarded-host'])
    // Most proxies say the same twice: then it need not be asked whether the second may be believed.
    const host = hostOf(told === asked ? asked : (trust.hostOf(peer, told) ?? asked), scheme ?? defaultScheme)
    return { client: address, forwardedFor: chain, host, scheme, isProxied }
  }
}

/** Node joins several lines of such a name with a comma, whatever its types say; a list of schemes or hosts is then none. */
function joined(header: string | string[] | undefined): string | undefined {
  return header as string | undefined
}
