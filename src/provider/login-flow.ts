import type { AuthorizationCodeGrantChecks, Configuration } from 'openid-client'
import type { LoginState } from '../core/login-state.ts'
import type { Claims, Session, Tokens } from '../core/session.ts'

/** Who the tokens are for. */
export type Identity = Readonly<{ sub: string; claims: Claims }>

/** What OpenID Connect and plain OAuth 2.0 do each in their own way. Rejections may be errors of the protocol libraries. */
export type LoginFlow = Readonly<{
  hasIssuer: boolean
  /** The scopes asked for; no duplicates. */
  scopes: readonly string[]
  scopeSeparator: RegExp
  /** Gets what the check of an answer needs, before a code or refresh token is spent on it. */
  prepare: () => Promise<void>
  checks: (login: LoginState) => AuthorizationCodeGrantChecks
  identify: (configuration: Configuration, tokens: Tokens) => Promise<Identity>
  /** `idToken` is the refreshed one; absent when the provider sent none. */
  identifyRefreshed: (session: Session, tokens: Tokens, idToken: string | undefined) => Promise<Identity>
}>
