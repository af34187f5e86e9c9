import { isDeepStrictEqual } from 'node:util'
import type { Config } from './config/schema.ts'
import { type Held, held } from './core/held.ts'
import { createObserving, type Observing, type ObservingSurroundings } from './observing.ts'
import { createNoProvider } from './provider/no-provider.ts'
import { createProvider, type Provider } from './provider/provider.ts'
import type { OnAnswer } from './provider/provider-fetch.ts'
import { createUpstreams, type Upstreams } from './proxy/upstreams.ts'
import { createTokens, type Tokens } from './tokens.ts'
import { currentSpan } from './tracing/current-span.ts'
import { loadTracing } from './tracing/load.ts'
import type { Tracing } from './tracing/tracing.ts'

/** What a gateway shares with the one before it where their configurations are the same. */
export type SharedParts = Readonly<{
  /** Who is told what happens. */
  observing: Observing
  provider: Held<Provider>
  tokens: Held<Tokens>
  /** Absent where nothing is traced. */
  tracing: Held<Tracing> | undefined
  upstreams: Upstreams
}>

type PartsOptions = ObservingSurroundings &
  Readonly<{
    /** Epoch seconds. */
    clock: () => number
    sleep: (ms: number) => Promise<unknown>
    /** The gateway before. */
    previous?: (SharedParts & Readonly<{ config: Config }>) | undefined
  }>

/**
 * Makes the parts, or takes those of the gateway before; `start` begins what goes on in the background in those that are new,
 * `release` closes what no other gateway uses.
 * @throws when the audit file cannot be opened
 */
export async function shareParts(config: Config, options: PartsOptions) {
  const { previous } = options
  const observing = createObserving(config, options, previous)
  const provider = providerFor(config, options)
  const tokens = tokensFor(config, options)
  const tracing = await tracingFor(config, options)
  const upstreams = createUpstreams(config.upstreams, previous?.upstreams)
  // No function below may use `previous`: it would keep every gateway there was before this one.
  const isProviderNew = provider !== previous?.provider
  const areTokensNew = tokens !== previous?.tokens
  const parts: SharedParts = { observing, provider, tokens, tracing, upstreams }
  return { parts, start, release }

  function start(): void {
    if (isProviderNew) provider.part.start()
    if (areTokensNew) tokens.part.start()
  }

  async function release(): Promise<void> {
    await Promise.all([upstreams.close(), provider.release(), tokens.release()])
    await Promise.all([observing.audit.release(), tracing?.release()])
  }
}

function providerFor(config: Config, { clock, logger, metrics, previous }: PartsOptions): Held<Provider> {
  if (previous !== undefined && isDeepStrictEqual(previous.config.provider, config.provider)) {
    return previous.provider.hold()
  }
  const provider =
    config.provider === undefined
      ? createNoProvider()
      : createProvider({
          config: config.provider,
          clock,
          log: logger,
          onAnswer: answerTo('provider', metrics),
        })
  return held(provider, ({ close }) => close())
}

function tokensFor(config: Config, { clock, logger, metrics, previous }: PartsOptions): Held<Tokens> {
  if (previous !== undefined && isDeepStrictEqual(tokenSettings(previous.config), tokenSettings(config))) {
    return previous.tokens.hold()
  }
  return held(createTokens(config, { clock, logger, onAnswer: answerTo('bearer', metrics) }), ({ close }) =>
    close(),
  )
}

/**
 * What these servers answer is counted by the process, and belongs to the span of the request that they were asked for:
 * they outlive a configuration that shares them.
 */
function answerTo(section: 'provider' | 'bearer', metrics: ObservingSurroundings['metrics']): OnAnswer {
  return (operation, outcome, ms, sent) => {
    metrics?.observer.providerAnswered({ section, operation, outcome, ms })
    currentSpan.getStore()?.providerAnswered({ operation, outcome, ms, ...sent })
  }
}

/** What traces is that of the configuration before when nothing about it is new; it is loaded where it is wanted only. */
async function tracingFor(
  { tracing }: Config,
  { logger, sleep, previous }: PartsOptions,
): Promise<Held<Tracing> | undefined> {
  if (tracing === undefined) return undefined
  if (isDeepStrictEqual(previous?.config.tracing, tracing)) return previous?.tracing?.hold()
  return held(await loadTracing(tracing, { logger, sleep }), ({ close }) => close())
}

/** What says how tokens are judged. */
function tokenSettings({ bearer, provider }: Config) {
  return { bearer, clientId: provider?.client_id }
}
