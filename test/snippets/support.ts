import type { Test } from 'tap'
import { stringify } from 'yaml'
import { runPrint } from '../../src/cli/print.ts'
import { loadConfig } from '../../src/config/load.ts'
import { testKey } from '../config/support.ts'
import { type Manifest, manifestsIn } from '../support/kubernetes.ts'

/** What of the configuration a snippet is written from. */
type Written = Readonly<{
  preset: string
  forwardAuth?: Record<string, unknown>
  server?: Record<string, unknown>
  session?: Record<string, unknown>
}>

/** Where Postern and the service are, unless a test says otherwise: in two namespaces. */
export const places = { address: 'postern.postern:4180', service: 'http://app.shop:8080' }

/** The headers of an allowing answer by default. */
export const usualHeaders = [
  'Authorization',
  'X-Auth-Request-User',
  'X-Auth-Request-Email',
  'X-Auth-Request-Groups',
  'X-Auth-Request-Preferred-Username',
]

/** Configurations that answer with other headers, each with what is to be copied. */
export const otherHeaders: readonly [Record<string, unknown>, string[]][] = [
  [{ token: 'none' }, usualHeaders.slice(1)],
  [{ access_token_header: true }, [...usualHeaders, 'X-Auth-Request-Access-Token']],
  [{ identity_headers: { 'X-User': 'sub', on: 'email' } }, ['Authorization', 'X-User', 'on']],
  [{ identity_headers: false }, ['Authorization']],
]

/** Prints the snippet for a proxy. */
export function print(kind: string, written: Written, where: Partial<typeof places> = places): string {
  const { preset, forwardAuth = {}, server = {}, session = {} } = written
  const text = stringify({
    server: { public_url: 'https://app.example.com', trusted_proxies: ['10.0.0.0/8'], ...server },
    provider: { issuer: 'https://login.example.com', client_id: 'postern', client_secret: 'hush' },
    session: { keys: [testKey], ...session },
    routes: [{ path: '/**', access: 'authenticated' }],
    forward_auth: { preset, ...forwardAuth },
  })
  const config = loadConfig('postern.yaml', { env: {}, readFile: () => text })
  let printed = ''
  runPrint(kind, config, { ...where, write: (part) => (printed += part) })
  return printed
}

/** Prints the snippet for a proxy and reads it. */
export function printed(t: Test, ...given: Parameters<typeof print>): Manifest[] {
  return manifestsIn(t, print(...given))
}

/** Where a request of a client ends: refused by the proxy, checked on its way to the service, or at Postern unchecked. */
export type End = 'refused' | 'checked' | 'postern'

/** Tests where requests of clients end: nothing reaches the service unchecked, and nobody reaches the check itself. */
export function testEnds(t: Test, prefix: string, endOf: (path: string) => End): void {
  for (const path of ['/', '/orders', `${prefix}x`]) t.equal(endOf(path), 'checked', path)
  for (const name of ['start', 'callback', 'sign_out', 'renew'])
    t.equal(endOf(`${prefix}/${name}`), 'postern', name)
  for (const rest of ['', '/', '/orders']) t.not(endOf(`${prefix}/auth${rest}`), 'postern', `auth${rest}`)
}
