/** More header lines than any client of ours sends; Node itself drops lines silently past its own limit. */
const maxHeaderLines = 256

export type HeadProblem =
  | 'http-version'
  | 'host-missing'
  | 'host-repeated'
  | 'authorization-repeated'
  | 'transfer-encoding'
  | 'too-many-headers'

/**
 * Looks over what Node's parser lets through although readers disagree on it: several Host or Authorization lines, HTTP/0.9,
 * HTTP/1.0 with Transfer-Encoding, any transfer coding but one `chunked`, a flood of header lines.
 *
 * @param rawHeaders - names and values alternating, as received, or as `linesOfFields` makes them of HTTP/2
 * @param httpVersion - as the request line has it; 1.1 for a request of HTTP/2, which has none
 * @see RFC 9112 sections 3.2, 6.1
 */
export function headProblem(rawHeaders: readonly string[], httpVersion: string): HeadProblem | undefined {
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return 'http-version'
  if (rawHeaders.length > maxHeaderLines * 2) return 'too-many-headers'
  let hosts = 0
  let codings = 0
  let credentials = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string
    // The three lengths that matter are told apart before anything is lower-cased: this runs for every header.
    if (name.length === 4 && name.toLowerCase() === 'host') hosts += 1
    else if (name.length === 13 && name.toLowerCase() === 'authorization') credentials += 1
    else if (name.length === 17 && name.toLowerCase() === 'transfer-encoding') {
      codings += 1
      if ((rawHeaders[i + 1] as string).toLowerCase() !== 'chunked') return 'transfer-encoding'
    }
  }
  if (hosts !== 1) return hosts === 0 ? 'host-missing' : 'host-repeated'
  if (codings > 1 || (codings === 1 && httpVersion === '1.0')) return 'transfer-encoding'
  // Node keeps the first and drops the others, which another reader may prefer.
  return credentials > 1 ? 'authorization-repeated' : undefined
}
