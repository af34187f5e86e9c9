import ipaddr from 'ipaddr.js'

/**
 * Whom an address belongs to, as far as limits are concerned: itself, or its network of /64 in IPv6, where everybody has
 * 2^64 of them to choose from. IPv4 in IPv6 clothes is IPv4; what is no address is itself.
 */
export function clientNetwork(address: string): string {
  if (!address.includes(':') || !ipaddr.IPv6.isValid(address)) return address
  const read = ipaddr.process(address)
  if (read.kind() === 'ipv4') return read.toString()
  const prefix = (read as ipaddr.IPv6).parts.slice(0, 4)
  return `${prefix.map((part) => part.toString(16)).join(':')}::/64`
}
