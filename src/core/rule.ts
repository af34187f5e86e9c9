import type { PathNeed } from './request-path.ts'

/** Who may pass on a path; made from one entry of `routes`. */
export type Rule = Readonly<{
  /** `routes[3]`, for logs and errors. */
  name: string
  path: string
  /** Exact, or `*.example.com`; with or without a port. */
  host?: string
  /** Upper case; absent for every method that no rule of the same path names. */
  methods?: readonly string[]
  upstream: string
  access: 'public' | 'optional' | 'authenticated'
  /** All of them are needed. */
  scopes: readonly string[]
  /** One of them is needed; empty for no condition. */
  anyScope: readonly string[]
  /** By dotted claim name: equals or contains one of the values. */
  claims: Readonly<Record<string, readonly (string | number | boolean)[]>>
  allow: readonly PathNeed[]
  onUnauthenticated: 'auto' | 'redirect' | 'challenge'
  /** Beside our own, for unsafe methods and WebSockets. */
  allowedOrigins: readonly string[]
  csrf: boolean
  /** What becomes of the client's own Authorization header. */
  authorization: 'strip' | 'pass'
  caseSensitive: boolean
}>
