import ipaddr from 'ipaddr.js'
import type { Source } from '../config/load.ts'
import type { Finding } from '../config/problem.ts'
import { innerRanges } from './inner-network.ts'

/** The networks of content delivery begin here: /12 for IPv4, /24 for IPv6. What is wider belongs to many. */
const widest = { ipv4: 12, ipv6: 24 }

/** Finds trusted networks in which anybody may have an address, and so be believed. */
export function findWideTrust({ config }: Source): readonly Finding[] {
  return config.server.trusted_proxies.flatMap((network, index) =>
    isWide(network)
      ? {
          path: ['server', 'trusted_proxies', index],
          message:
            'is a network that anybody may be in, and everybody in it may say who the client is and which host was asked for; name the addresses of your proxies',
        }
      : [],
  )
}

function isWide(network: string): boolean {
  if (!network.includes('/')) return false
  const [address, bits] = ipaddr.parseCIDR(network)
  return bits < widest[address.kind()] && !isInner(address, bits)
}

/** A network is an inner one when its first and its last address are. */
function isInner(address: ipaddr.IPv4 | ipaddr.IPv6, bits: number): boolean {
  const cidr = `${address.toString()}/${bits}`
  const ends =
    address.kind() === 'ipv4'
      ? [ipaddr.IPv4.networkAddressFromCIDR(cidr), ipaddr.IPv4.broadcastAddressFromCIDR(cidr)]
      : [ipaddr.IPv6.networkAddressFromCIDR(cidr), ipaddr.IPv6.broadcastAddressFromCIDR(cidr)]
  const [first, last] = ends.map((end) => end.range())
  return first === last && innerRanges.has(first as string)
}
