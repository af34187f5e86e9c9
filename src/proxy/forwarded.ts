import ipaddr from 'ipaddr.js'

/** Who sent a request, as far as the trusted proxies in front can tell. */
export type Client = Readonly<{
  /** The client's address, IPv4 where it is one in IPv6 clothes; empty for a unix socket nobody vouches for. */
  address: string
  /** What to send on as X-Forwarded-For: the client and the trusted proxies after it. */
  chain: string
}>

export type Trust = Readonly<{
  /** Tells whether an address is one of the trusted proxies. */
  isTrusted: (address: string | undefined) => boolean
  /** The right-most address that is not a trusted proxy; a hop that is no address ends the search before it. */
  clientOf: (peer: string | undefined, forwardedFor: string | undefined) => Client
  /** X-Forwarded-Proto of a trusted peer, if it is one plain scheme. */
  schemeOf: (peer: string | undefined, forwardedProto: string | undefined) => 'http' | 'https' | undefined
  /** X-Forwarded-Host of a trusted peer, if it is one valid host, in lower case. */
  hostOf: (peer: string | undefined, forwardedHost: string | undefined) => string | undefined
}>

/** One address on the way; empty if it was not readable as one. */
type Hop = Readonly<{ address: string; isTrusted: boolean }>

type Address = ipaddr.IPv4 | ipaddr.IPv6

const host = /^(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i
const rememberedHops = 1_000
/** Room for an IPv6 address with zone and port; longer text is no address, and not remembered. */
const longestAddress = 64

/** Trust in the given CIDRs and single addresses, which the configuration has validated; nobody by default. */
export function createTrust(cidrs: readonly string[]): Trust {
  const ranges = cidrs.map(parseRange)
  // Peers and proxies come again and again: reading an address costs more than all else here.
  const hops = new Map<string, Hop>()

  const hopOf = (text: string): Hop => {
    const known = hops.get(text)
    if (known !== undefined) return known
    const address = parseAddress(text)
    const isTrusted = address !== undefined && ranges.some((range) => isWithin(address, range))
    const hop = { address: address?.toString() ?? '', isTrusted }
    if (text.length > longestAddress) return hop
    if (hops.size >= rememberedHops) hops.clear()
    // A copy of its own: a part of the header, used as key, would keep the whole header in memory.
    hops.set(Buffer.from(text, 'latin1').toString('latin1'), hop)
    return hop
  }

  const isTrusted = (address: string | undefined): boolean => hopOf(address ?? '').isTrusted

  return {
    isTrusted,
    clientOf: (peer, forwardedFor) => {
      let hop = hopOf(peer ?? '')
      let chain = hop.address
      if (!hop.isTrusted || forwardedFor === undefined) return { address: hop.address, chain }
      for (const text of forwardedFor.split(',').reverse()) {
        const next = hopOf(text.trim())
        if (next.address === '') break
        hop = next
        chain = `${hop.address}, ${chain}`
        if (!hop.isTrusted) break
      }
      return { address: hop.address, chain }
    },
    schemeOf: (peer, proto) => {
      if (proto === undefined || !isTrusted(peer)) return undefined
      return proto === 'http' || proto === 'https' ? proto : undefined
    },
    hostOf: (peer, name) => {
      if (name === undefined || !isTrusted(peer)) return undefined
      return host.test(name) ? name.toLowerCase() : undefined
    },
  }
}

function parseRange(cidr: string): [Address, number] {
  if (cidr.includes('/')) return ipaddr.parseCIDR(cidr)
  const address = ipaddr.process(cidr)
  return [address, address.kind() === 'ipv4' ? 32 : 128]
}

function isWithin(address: Address, [range, bits]: [Address, number]): boolean {
  return address.kind() === range.kind() && address.match(range, bits)
}

/** Reads one hop: an address, alone or with a port (`1.2.3.4:80`, `[::1]:80`), as some proxies write it. */
function parseAddress(hop: string): Address | undefined {
  const bare = hop.replace(/^\[([^\]]*)\](?::\d+)?$/, '$1').replace(/^([\d.]+):\d+$/, '$1')
  const isWritten = ipaddr.IPv4.isValidFourPartDecimal(bare) || ipaddr.IPv6.isValid(bare)
  return isWritten ? ipaddr.process(bare) : undefined
}
