/** Kinds of networks in which strangers have no address, as ipaddr.js names them. */
export const innerRanges: ReadonlySet<string> = new Set([
  ...['private', 'loopback', 'linkLocal', 'carrierGradeNat'],
  'uniqueLocal',
])
