import type { AuthenticationNeed } from './authentication.ts'
import type { CorsPolicy } from './cors.ts'
import type { PathNeed } from './request-path.ts'

/** What may say who a caller is. */
export type CredentialKind = 'session' | 'bearer'

/** Who may pass on a path; made from one entry of `routes`. */
export type Rule = AuthenticationNeed &
  Readonly<{
    /** `routes[3]`, for logs and errors. */
    name: string
    path: string
    /** Exact, or `*.example.com`; with or without a port. */
    host?: string
    /** Upper case; absent for every method that no rule of the same path names. */
    methods?: readonly string[]
    /** Absent where only another proxy asks; see `forward_auth`. */
    upstream?: string
    access: 'public' | 'optional' | 'authenticated'
    /** What counts here; anything else is as if it had not come. */
    credentials: readonly CredentialKind[]
    /** One of these must be in the `aud` of a bearer token; empty for any that its issuer may have. */
    audience: readonly string[]
    /** All of them are needed. */
    scopes: readonly string[]
    /** One of them is needed; empty for no condition. */
    anyScope: readonly string[]
    /** By dotted claim name: equals or contains one of the values. */
    claims: Readonly<Record<string, readonly (string | number | boolean)[]>>
    /** What becomes of a page view that lacks a scope: refused, or sent to the provider to ask for it. */
    onMissingScope: 'forbid' | 'request'
    allow: readonly PathNeed[]
    onUnauthenticated: 'auto' | 'redirect' | 'challenge'
    /** Beside our own, for unsafe methods and WebSockets. */
    allowedOrigins: readonly string[]
    csrf: boolean
    /** What becomes of the client's own Authorization header. */
    authorization: 'strip' | 'pass'
    caseSensitive: boolean
    /** Bytes; absent where that of all routes counts. */
    maxBody?: number | 'none'
    /** Which pages of other origins may read the answers. */
    cors?: CorsPolicy
  }>
