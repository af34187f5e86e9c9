import { identityHeaders } from './identity-headers.ts'
import type { Input } from './input.ts'
import { isOn } from './settings.ts'
import { isOnlyAsked } from './translate-upstreams.ts'
import type { Branch } from './tree.ts'

/** The `forward_auth` section, when another proxy asks: because there are no services behind, or the user says so. */
export function translateForwardAuth({ settings, notes, preset }: Input): Branch | undefined {
  if (preset === undefined && !isOnlyAsked(settings)) return undefined
  if (preset === undefined)
    notes.add(
      'changed',
      'upstreams',
      'there is no service behind, so that another proxy asks: nginx, unless --preset of "postern migrate" says which',
    )
  notes.add(
    'changed',
    'upstreams',
    'let the proxy ask the endpoint auth below the prefix, never /; "postern print" shows how',
  )
  const setsHeaders = isOn(settings, 'set-xauthrequest')
  return {
    preset: preset ?? 'nginx',
    token: isOn(settings, 'set-authorization-header') ? 'id' : 'none',
    access_token_header: (setsHeaders && isOn(settings, 'pass-access-token')) || undefined,
    identity_headers: setsHeaders ? identityHeaders(settings, 'X-Auth-Request-') : false,
  }
}
