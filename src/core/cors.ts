import type { Headers } from './navigation.ts'

/** Which pages of other origins may read what a rule answers. */
export type CorsPolicy = Readonly<{
  /** As browsers write them, compared to the letter. */
  origins: readonly string[]
  /** Upper case; absent for whatever methods the rule serves. */
  methods?: readonly string[]
  /** Request headers beside the ones that need no permission, lower case. */
  headers: readonly string[]
  /** Response headers that scripts may read beside the ones that need no permission. */
  exposeHeaders: readonly string[]
  /** Whether cookies may go with the requests. */
  credentials: boolean
  /** How long a browser may remember a preflight, in seconds. */
  maxAge: number
}>

/** Response headers, names in lower case. */
export type CorsHeaders = Readonly<Record<string, string>>

const varyOrigin: CorsHeaders = Object.freeze({ vary: 'Origin' })

/** What the answer to a preflight depends on, a refusal included. */
export const preflightVary: CorsHeaders = Object.freeze({
  vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
})

/** What is allowed by a policy and by all the others too; where there is none, nobody is allowed anything. */
export function commonPolicy(policy: CorsPolicy, others: readonly (CorsPolicy | undefined)[]): CorsPolicy {
  return others.reduce<CorsPolicy>((common, other = nobodys) => {
    const { methods = other.methods } = common
    return {
      origins: shared(common.origins, other.origins),
      ...(methods !== undefined && { methods: shared(methods, other.methods ?? methods) }),
      headers: shared(common.headers, other.headers),
      exposeHeaders: shared(common.exposeHeaders, other.exposeHeaders),
      credentials: common.credentials && other.credentials,
      maxAge: Math.min(common.maxAge, other.maxAge),
    }
  }, policy)
}

const nobodys: CorsPolicy = { origins: [], headers: [], exposeHeaders: [], credentials: false, maxAge: 0 }

function shared(some: readonly string[], others: readonly string[]): readonly string[] {
  return some.filter((one) => others.includes(one))
}

/**
 * What an answer tells browsers about who may read it. The origin is the one of the policy, never what was sent; an answer
 * to anybody else says nothing but that it depends on the origin.
 * @see Fetch Standard section 3.2.3
 */
export function corsHeaders(policy: CorsPolicy, origin: string | undefined): CorsHeaders {
  const allowed = allowedOrigin(policy, origin)
  if (allowed === undefined) return varyOrigin
  return {
    'access-control-allow-origin': allowed,
    ...(policy.credentials && { 'access-control-allow-credentials': 'true' }),
    ...(policy.exposeHeaders.length > 0 && {
      'access-control-expose-headers': policy.exposeHeaders.join(', '),
    }),
    ...varyOrigin,
  }
}

/** What a browser asks before it sends a request that needs permission. */
export type Preflight = Readonly<{ origin: string; method: string }>

/** Reads a preflight; undefined for any other request (Fetch Standard section 3.2.2). */
export function preflightOf(method: string, headers: Headers): Preflight | undefined {
  if (method !== 'OPTIONS') return undefined
  const { origin, 'access-control-request-method': requested } = headers
  if (typeof origin !== 'string' || typeof requested !== 'string') return undefined
  return { origin, method: requested }
}

/** The permission a preflight gets; undefined when it gets none. */
export function preflightHeaders(policy: CorsPolicy, { origin, method }: Preflight): CorsHeaders | undefined {
  const { methods = [method], headers, maxAge } = policy
  const { 'access-control-expose-headers': _, ...common } = corsHeaders(policy, origin)
  if (allowedOrigin(policy, origin) === undefined || !allowsMethod(policy, method)) return undefined
  return {
    ...common,
    'access-control-allow-methods': methods.join(', '),
    'access-control-allow-headers': headers.join(', '),
    'access-control-max-age': String(maxAge),
    ...preflightVary,
  }
}

/** Whether pages of an origin may use the session for a request with this method, more than reading included. */
export function maySendSession(policy: CorsPolicy, origin: string, method: string): boolean {
  return policy.credentials && policy.origins.includes(origin) && allowsMethod(policy, method)
}

/** HEAD is judged as GET. */
function allowsMethod({ methods }: CorsPolicy, method: string): boolean {
  return methods === undefined || methods.includes(method) || (method === 'HEAD' && methods.includes('GET'))
}

function allowedOrigin({ origins }: CorsPolicy, origin: string | undefined): string | undefined {
  return origins.find((allowed) => allowed === origin)
}
