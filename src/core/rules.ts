/** One route of the configuration, ready to be compiled. */
export type Rule = Readonly<{
  /** As in the file: `routes[3]`; for logs and errors. */
  name: string
  path: string
  host?: string
  /** Upper case. */
  methods?: readonly string[]
  upstream: string
  access: 'public' | 'optional' | 'authenticated'
  /** All of them are needed. */
  scopes: readonly string[]
  /** One of them is needed; empty means no condition. */
  anyScope: readonly string[]
  /** Dotted claim names, each with the values of which it must have one. */
  claims: Readonly<Record<string, readonly (string | number | boolean)[]>>
  allow: readonly ('encoded-slash' | 'empty-segment')[]
  onUnauthenticated: 'auto' | 'redirect' | 'challenge'
  /** Origins that may send unsafe requests and open WebSockets, beside our own. */
  allowedOrigins: readonly string[]
  csrf: boolean
  authorization: 'strip' | 'pass'
  caseSensitive: boolean
}>
