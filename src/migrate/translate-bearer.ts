import { isExposed, issuer as issuerUrl } from '../config/web-url.ts'
import { providerName } from './claim-names.ts'
import type { Input } from './input.ts'
import { isLine, quoted } from './notes.ts'
import { providerNamed } from './providers.ts'
import { isOn, listOf } from './settings.ts'
import { clientId, issuerOf } from './translate-provider.ts'
import type { Branch, Tree } from './tree.ts'

/** The `bearer` section, if bearer tokens were taken. */
export function translateBearer(input: Input): Branch | undefined {
  const { settings, notes } = input
  const extras = listOf(settings, 'extra-jwt-issuers')
  if (!isOn(settings, 'skip-jwt-bearer-tokens')) {
    if (extras.length > 0)
      notes.add('lacking', 'extra_jwt_issuers', 'had no effect without skip_jwt_bearer_tokens, and has none')
    return undefined
  }
  const own = providerNamed(providerName(settings))?.endpoints === undefined ? [ownIssuer(input)] : []
  const issuers = joined([...own, ...extras.flatMap((text) => extraIssuer(input, text) ?? [])])
  if (issuers.length === 0) {
    notes.add('lacking', 'skip_jwt_bearer_tokens', 'no issuer of such tokens is left')
    return undefined
  }
  const isOpen = issuers.some(({ issuer }) => typeof issuer === 'string' && isExposed(issuer))
  if (isOpen)
    notes.add(
      'changed',
      'extra_jwt_issuers',
      'an issuer is not encrypted, as before: whoever is on the network can make up tokens. Only for tests; take bearer.dangerously_allow_http out',
    )
  return { issuers, dangerously_allow_http: isOpen || undefined }
}

type Issuer = Branch & Readonly<{ issuer: Tree; audience: readonly Tree[] }>

function ownIssuer(input: Input): Issuer {
  const { settings, notes } = input
  notes.add(
    'changed',
    'skip_jwt_bearer_tokens',
    'access tokens count, ID tokens never: with the client id as audience only those marked as access tokens do. Give the API an audience of its own',
  )
  const others = listOf(settings, 'oidc-extra-audience').filter(isLine)
  return { issuer: issuerOf(input), audience: [clientId(input), ...others] }
}

/** `issuer=audience`; the audience is behind the last `=`, as oauth2-proxy has it. */
function extraIssuer({ notes }: Input, text: string): Issuer | undefined {
  const [, issuer = '', audience = ''] = /^([^=]*)=(.+)$/.exec(text) ?? []
  if (issuerUrl.safeParse(issuer).success && isLine(audience)) return { issuer, audience: [audience] }
  notes.add('lacking', 'extra_jwt_issuers', `${quoted(text)} is not an issuer and an audience`)
  return undefined
}

/** One entry for each issuer, with all of its audiences. */
function joined(issuers: readonly Issuer[]): readonly Issuer[] {
  const byIssuer = new Map<string, Issuer>()
  for (const { issuer, audience } of issuers) {
    const key = JSON.stringify(issuer)
    const audiences = [...(byIssuer.get(key)?.audience ?? []), ...audience]
    byIssuer.set(key, { issuer, audience: [...new Set(audiences)] })
  }
  return [...byIssuer.values()]
}
