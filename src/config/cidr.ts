import ipaddr from 'ipaddr.js'
import { checked } from './text.ts'

/** A network like `10.0.0.0/8`, or one address. */
export const cidr = checked(
  'must be an address or a network in CIDR notation, like 10.0.0.0/8 or fd00::/8',
  (text) => (text.includes('/') ? ipaddr.isValidCIDR(text) : isAddress(text)),
)

/** Leaves out the octal, hexadecimal and shortened spellings of IPv4 addresses. */
function isAddress(text: string): boolean {
  return ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text)
}
