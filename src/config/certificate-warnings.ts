import type { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import type { Finding } from './problem.ts'
import type { CheckedConfig } from './schema.ts'
import { certificateOf } from './schema-server-tls.ts'

const path = ['server', 'tls', 'cert_file']
const dayMs = 86_400_000

/** Renewals are due by then, also of certificates for a few days only. */
const soonMs = 14 * dayMs
const soonPart = 1 / 3

/** What is to be known of the listener's own certificate at a time, in epoch milliseconds: that it ends soon, or is for others. */
export function certificateWarnings({ tls, public_url }: CheckedConfig['server'], now: number): Finding[] {
  if (tls === undefined) return []
  const certificate = certificateOf(tls.cert) as X509Certificate
  return [...endsSoon(certificate, now), ...public_url.flatMap((url) => isForOthers(certificate, url))]
}

function endsSoon({ validFrom, validTo }: X509Certificate, now: number): Finding[] {
  const end = Date.parse(validTo)
  const left = end - now
  if (left > Math.min(soonMs, (end - Date.parse(validFrom)) * soonPart)) return []
  const days = Math.floor(left / dayMs)
  return [{ path, message: `ends in ${days} days, on ${validTo}; renew the certificate` }]
}

function isForOthers(certificate: X509Certificate, url: string): Finding[] {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '')
  // Browsers want the name as an alternative one; that of the subject is of no account (RFC 9110 section 4.3.4).
  const found = isIP(host) > 0 ? certificate.checkIP(host) : certificate.checkHost(host, { subject: 'never' })
  if (found !== undefined) return []
  return [{ path, message: `is not for ${host}, a host of "public_url": browsers will refuse it` }]
}
