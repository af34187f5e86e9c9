import { cidr } from '../config/cidr.ts'
import { listenAddress } from '../config/listen-address.ts'
import { isPlainPath } from '../config/text.ts'
import { isExposed, origin } from '../config/web-url.ts'
import type { Input } from './input.ts'
import { quoted } from './notes.ts'
import { keyOf } from './option-names.ts'
import { isOn, listOf, type Settings, textOf } from './settings.ts'
import { type Branch, type Tree, variable } from './tree.ts'

/** The `server` section; `isAsked` when another proxy asks about requests. */
export function translateServer(input: Input, isAsked: boolean): Branch {
  const url = publicUrl(input.settings)
  if (url === undefined)
    input.notes.add(
      'decide',
      'POSTERN_PUBLIC_URL',
      'the origin that browsers see, like https://app.example.com; no redirect_url says it',
    )
  const tls = tlsOf(input)
  return {
    listen: tls === undefined ? listenOf(input, 'http-address', '127.0.0.1:4180') : secureListenOf(input),
    tls,
    public_url: url ?? variable('POSTERN_PUBLIC_URL'),
    prefix: prefixOf(input),
    trusted_proxies: trustedProxies(input, isAsked),
    dangerously_allow_http: exposure(input, url),
  }
}

/** The origin that the redirect URL names. */
export function publicUrl(settings: Settings): string | undefined {
  const [, start] = /^(https?:\/\/[^/?#]+)/i.exec(textOf(settings, 'redirect-url') ?? '') ?? []
  return start === undefined ? undefined : origin.safeParse(start).data
}

/** The certificate and its key, where both are named: oauth2-proxy starts with neither of one alone. */
function tlsOf({ settings, notes }: Input): Branch | undefined {
  const cert = textOf(settings, 'tls-cert-file')
  const key = textOf(settings, 'tls-key-file')
  if (cert !== undefined && key !== undefined) return { cert_file: cert, key_file: key }
  const lonely = cert === undefined ? key && 'tls_key_file' : 'tls_cert_file'
  if (lonely !== undefined) notes.add('lacking', lonely, 'is not enough for TLS; there is none')
  return undefined
}

function secureListenOf(input: Input): string {
  if (textOf(input.settings, 'http-address') !== undefined)
    input.notes.add('lacking', 'http_address', 'there is one listener, with TLS: that of https_address')
  return listenOf(input, 'https-address', ':443')
}

function listenOf({ settings, notes }: Input, flag: string, usual: string): string {
  const written = textOf(settings, flag) ?? usual
  const address = written.replace(/^https?:\/\//i, '').replace(/^unix:\/{2,}/i, 'unix:/')
  if (listenAddress.safeParse(address).success && !/^fd:/i.test(address)) return address
  notes.add(
    'lacking',
    keyOf(flag),
    `${quoted(written)} is no address to listen on; the default is written instead`,
  )
  return usual
}

function prefixOf({ settings, notes }: Input): string | undefined {
  const written = (textOf(settings, 'proxy-prefix') ?? '/oauth2').replace(/\/$/, '')
  const path = (textOf(settings, 'redirect-url') ?? '').replace(/^https?:\/\/[^/?#]*/i, '')
  const isGood = isPlainPath(written)
  const prefix = isGood ? written : '/oauth2'
  if (!isGood) notes.add('lacking', 'proxy_prefix', `${quoted(written)} is no plain path; it is /oauth2`)
  if (path !== '' && path !== '/' && path !== `${prefix}/callback`)
    notes.add('changed', 'redirect_url', `the path is ${prefix}/callback; register that at the provider`)
  return prefix === '/oauth2' ? undefined : prefix
}

/** oauth2-proxy believes everybody when it is behind a proxy and nobody is named. */
function trustedProxies({ settings, notes }: Input, isAsked: boolean): readonly Tree[] | undefined {
  const named = listOf(settings, 'trusted-proxy-ip')
  const good = named.filter((text) => cidr.safeParse(text).success && !/\/0+$/.test(text))
  if (good.length < named.length)
    notes.add('lacking', 'trusted_proxy_ips', 'what is no address, or all addresses, was left out')
  if (good.length > 0) return good
  if (!isAsked && !isOn(settings, 'reverse-proxy')) return undefined
  notes.add(
    'decide',
    'POSTERN_TRUSTED_PROXY',
    `the address or the network of the proxy in front: what it says about the original request is believed, and nobody else's${isAsked ? '; every check of others is refused' : ''}`,
  )
  return [variable('POSTERN_TRUSTED_PROXY')]
}

function exposure({ notes }: Input, url: string | undefined): boolean | undefined {
  if (url === undefined || !isExposed(url)) return undefined
  notes.add(
    'changed',
    'redirect_url',
    'is not encrypted, as before: whoever is on the network can take over sessions. Only for tests; take server.dangerously_allow_http out',
  )
  return true
}
