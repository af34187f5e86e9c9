import type { Test } from 'tap'
import type { PosternError } from '../../src/core/errors.ts'
import type { LoginState } from '../../src/core/login-state.ts'
import { type Grant, type Session, startSession } from '../../src/core/session.ts'
import { createProvider, type Provider } from '../../src/provider/provider.ts'
import type { ProviderConfig } from '../../src/provider/provider-config.ts'
import { type HostileProvider, startHostileProvider } from '../support/hostile-provider.ts'

export const redirectUri = 'http://127.0.0.1:4180/oauth2/callback'

export const now = () => Math.floor(Date.now() / 1000)

/** A configuration with the defaults of the configuration file. */
export function configFor(
  op: { issuer?: string; clientId: string; clientSecret: string },
  changes: Partial<ProviderConfig> = {},
): ProviderConfig {
  return {
    issuer: op.issuer,
    client_id: op.clientId,
    client_secret: op.clientSecret,
    client_auth: 'client_secret_basic',
    scopes: ['openid', 'profile', 'email', 'offline_access'],
    authorization_params: {},
    claims_from: ['id_token', 'userinfo'],
    userinfo: {},
    id_token_algorithms: ['RS256', 'PS256', 'ES256', 'EdDSA'],
    clock_tolerance: 30_000,
    timeout: 10_000,
    tls: {},
    dangerously_allow_http: false,
    ...changes,
  }
}

export type Logged = { level: string; fields: Readonly<Record<string, unknown>>; message: string }

/** A log that remembers. */
export function createLog() {
  const lines: Logged[] = []
  const at = (level: string) => (fields: Readonly<Record<string, unknown>>, message: string) => {
    lines.push({ level, fields, message })
  }
  return { lines, info: at('info'), warn: at('warn'), error: at('error') }
}

export type Subject = { provider: Provider; lines: Logged[] }

/** The provider under test; its back-off waits for nothing but `close` unless a sleep is given. */
export function subject(
  t: Test,
  config: ProviderConfig,
  options: Partial<Pick<Parameters<typeof createProvider>[0], 'clock' | 'sleep' | 'fetch'>> = {},
): Subject {
  const log = createLog()
  const never = () => new Promise<never>(() => {})
  const provider = createProvider({ config, clock: now, sleep: never, log, ...options })
  t.teardown(() => provider.close())
  return { provider, lines: log.lines }
}

/** A login as the login cookie would remember it. */
export function newLogin(provider: Provider): LoginState {
  return { ...provider.newLogin(), returnTo: 'http://127.0.0.1:4180/', createdAt: now() }
}

export function sessionOf(grant: Grant): Session {
  return startSession('a session id', grant, now())
}

export type Hostile = Subject & {
  op: HostileProvider
  signIn: (extra?: Record<string, string>) => Promise<Grant>
}

/** The provider under test against the hostile one; `signIn` comes back from the authorization endpoint and redeems the code. */
export async function hostile(
  t: Test,
  changes: Partial<ProviderConfig> = {},
  options: Parameters<typeof subject>[2] = {},
): Promise<Hostile> {
  const op = await startHostileProvider(t)
  const made = subject(t, configFor(op, changes), options)
  const signIn = (extra: Record<string, string> = {}) => {
    const login = newLogin(made.provider)
    return made.provider.exchange(op.callback(redirectUri, login, extra), login)
  }
  return { op, ...made, signIn }
}

/** What a promise rejects with; fails the test when it does not. */
export async function failure(promise: Promise<unknown>): Promise<PosternError> {
  return promise.then(
    (value) => {
      throw new Error(`resolved to ${JSON.stringify(value)}`)
    },
    (error: PosternError) => error,
  )
}

/** Everything a failure or a log could tell, to look for secrets in. */
export function everythingIn(error: Error): string {
  const cause = error.cause instanceof Error ? everythingIn(error.cause) : ''
  return `${error.stack} ${JSON.stringify(error)} ${cause}`
}
