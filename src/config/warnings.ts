import { certificateWarnings } from './certificate-warnings.ts'
import type { Finding, Path } from './problem.ts'
import { providerUrls } from './provider-relations.ts'
import type { CheckedConfig } from './schema.ts'
import { bearerUrls } from './schema-bearer.ts'
import { isExposed } from './web-url.ts'

/** What a configuration may say, and is told at every start nevertheless; `now` in epoch milliseconds. */
export function warningsOf(config: CheckedConfig, now: number): readonly Finding[] {
  return [
    ...exposedAddresses(config),
    ...certificateWarnings(config.server, now),
    ...ambiguousAudiences(config),
    ...unheardChecks(config),
  ]
}

function exposedAddresses({ server, provider, bearer }: CheckedConfig): Finding[] {
  const takeOver = 'take over sessions'
  return [
    ...server.public_url.flatMap((url, index) => exposed(['server', 'public_url', index], url, takeOver)),
    ...(provider === undefined ? [] : providerUrls(provider)).flatMap(({ path, url }) =>
      exposed(['provider', ...path], url, takeOver),
    ),
    ...(bearer === undefined ? [] : bearerUrls(bearer)).flatMap(({ path, url }) =>
      exposed(['bearer', ...path], url, 'make up tokens'),
    ),
  ]
}

function exposed(path: Path, url: string, harm: string): Finding[] {
  const message = `is not encrypted (${new URL(url).origin}): whoever is on the network can ${harm}; write https://, and take "dangerously_allow_http" out`
  return isExposed(url) ? [{ path, message }] : []
}

/** ID tokens of this gateway have its client id as audience; where access tokens have the same, only their type tells them apart. */
function ambiguousAudiences({ provider, bearer }: CheckedConfig): Finding[] {
  return (bearer?.issuers ?? []).flatMap(({ audience, type }, index) =>
    provider === undefined || type === 'at+jwt' || !audience.includes(provider.client_id)
      ? []
      : {
          path: ['bearer', 'issuers', index, 'audience'],
          message: `has provider.client_id, ${JSON.stringify(provider.client_id)}, the audience of this gateway's ID tokens: tokens that are not marked as access tokens are refused; give the API an audience of its own, or write "type: at+jwt"`,
        },
  )
}

/** Whoever is not trusted is told nothing: without a trusted proxy every check is refused. */
function unheardChecks({ server, forward_auth }: CheckedConfig): Finding[] {
  if (forward_auth === undefined || server.trusted_proxies.length > 0) return []
  return [
    {
      path: ['server', 'trusted_proxies'],
      message: `is empty, and so every check of ${forward_auth.preset} is refused; add the address of that proxy`,
    },
  ]
}
