import type { Source } from '../config/load.ts'
import type { Finding, Path } from '../config/problem.ts'
import { providerUrls } from '../config/provider-relations.ts'
import { bearerUrls } from '../config/schema-bearer.ts'
import { isLoopback } from '../config/web-url.ts'

/** What examples and hurried people write instead of a secret. */
const knownSecret =
  /^(?:demo-client-secret.*|(?:my|your|the)?[-_ ]?(?:client)?[-_ ]?(?:secret|password|passwd)|change[-_ ]?(?:me|it).*|default|example|insecure|test|todo|x+|123456\d*)$/i

/** A server generates longer ones; shorter ones were made up by somebody. */
const shortest = 16

/** Finds client secrets that are in the file itself, known to everybody, or easy to guess. */
export function findWeakClients({ config, isWritten, isLiteral }: Source): readonly Finding[] {
  return clientsOf(config).flatMap(({ path, secret, urls }) => {
    // What is on this machine alone, such as the provider of the demo, protects nothing that its users have not.
    if (secret === undefined || urls.every(isLoopback)) return []
    const written = [...path, 'client_secret']
    const place = isWritten(written) ? written : [...path, 'client_secret_file']
    return [
      ...findingIf(
        isLiteral(written),
        written,
        `stands in the file, where whoever may read the configuration may be this client; write a variable like $\{NAME}, or "client_secret_file"`,
      ),
      ...findingIf(
        knownSecret.test(secret),
        place,
        'is one of the secrets that everybody tries first; let the provider make a new one',
      ),
      ...findingIf(
        secret.length < shortest && !knownSecret.test(secret),
        place,
        `is shorter than ${shortest} characters and may be guessed; let the provider make a new one`,
      ),
    ]
  })
}

type Client = Readonly<{ path: Path; secret: string | undefined; urls: readonly string[] }>

function clientsOf({ provider, bearer }: Source['config']): readonly Client[] {
  const introspection = bearer?.introspection
  return [
    ...(provider === undefined ? [] : [clientOf(['provider'], provider, providerUrls(provider))]),
    ...(introspection === undefined
      ? []
      : [clientOf(['bearer', 'introspection'], introspection, bearerUrls({ issuers: [], introspection }))]),
  ]
}

function clientOf(
  path: Path,
  { client_secret }: Readonly<{ client_secret?: string }>,
  urls: readonly { url: string }[],
): Client {
  return { path, secret: client_secret, urls: urls.map(({ url }) => url) }
}

function findingIf(condition: boolean, path: Path, message: string): readonly Finding[] {
  return condition ? [{ path, message }] : []
}
