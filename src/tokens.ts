import type { Logger } from 'pino'
import { type Bearer, createBearer } from './bearer/bearer.ts'
import type { Config } from './config/schema.ts'
import type { AuthorizationServer } from './core/protected-resource.ts'
import type { OnAnswer } from './provider/provider-fetch.ts'

/** Everything about the tokens of API clients, wired to one configuration. */
export type Tokens = Pick<Bearer, 'start' | 'close' | 'readiness'> &
  Readonly<{
    /** Judges a token; absent where none is accepted. */
    identify: Bearer['identify'] | undefined
    /** Whose tokens are accepted, and for whom. */
    servers: readonly AuthorizationServer[]
    /** Every audience that a token may have to count somewhere. */
    audiences: readonly string[]
  }>

/** Builds the bearer side of the gateway; without a `bearer` section there is none. */
export function createTokens(
  config: Config,
  options: { clock: () => number; logger: Logger; onAnswer?: OnAnswer },
): Tokens {
  const { bearer: section, provider } = config
  if (section === undefined) return nothing
  const { issuers, introspection } = section
  const bearer = createBearer({
    config: section,
    ownClientId: provider?.client_id,
    clock: options.clock,
    log: options.logger,
    ...(options.onAnswer && { onAnswer: options.onAnswer }),
  })
  const accepted = introspection === undefined ? issuers : [...issuers, introspection]
  return {
    ...bearer,
    servers: accepted,
    audiences: accepted.flatMap(({ audience }) => audience),
  }
}

const nothing: Tokens = Object.freeze({
  start: () => {},
  close: async () => {},
  readiness: () => ({}),
  identify: undefined,
  servers: [],
  audiences: [],
})
