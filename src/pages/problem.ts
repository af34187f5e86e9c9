import { STATUS_CODES } from 'node:http'

/** What a problem document says; `detail` is for the public. */
export type ProblemFacts = Readonly<{
  status: number
  detail: string
  /** The kebab-case reason that also stands in the log line. */
  reason: string
  requestId: string
}>

/** What a forbidden request lacks, by name; the claim values that would do stay our secret. */
export type Missing = Readonly<{
  /** All of these. */
  scopes?: readonly string[]
  /** One of these. */
  anyScope?: readonly string[]
  claims?: readonly string[]
}>

/**
 * The JSON an API client gets where a person would see a page.
 * @see RFC 9457 sections 3 and 4.2.1 (`about:blank`: the title is the status phrase)
 */
export function problem(facts: ProblemFacts): string {
  return JSON.stringify(members(facts))
}

/** The 401 for an API call without a session or token: where a person could sign in if that helps, never a redirect. */
export function loginRequired(
  facts: Omit<ProblemFacts, 'status' | 'detail'> & { loginUrl: string | undefined },
): string {
  const { loginUrl } = facts
  const detail =
    loginUrl === undefined
      ? 'Send an access token in the Authorization header.'
      : 'Sign in at login_url, then try again.'
  return JSON.stringify({
    error: loginUrl === undefined ? 'token_required' : 'login_required',
    login_url: loginUrl,
    ...members({ ...facts, status: 401, detail }),
  })
}

/** What is wrong with a token, with the error code of RFC 6750 section 3.1. */
export function tokenProblem(facts: ProblemFacts & { error: string }): string {
  return JSON.stringify({ error: facts.error, error_description: facts.detail, ...members(facts) })
}

/** The 401 for a caller who must authenticate more strongly or anew (RFC 9470 section 3). */
export function stepUpRequired(
  facts: Omit<ProblemFacts, 'status'> & {
    acr: readonly string[]
    maxAge: number | undefined
    loginUrl: string | undefined
  },
): string {
  const { acr, maxAge, loginUrl, detail } = facts
  return JSON.stringify({
    error: 'insufficient_user_authentication',
    error_description: detail,
    ...(acr.length > 0 && { acr_values: acr.join(' ') }),
    max_age: maxAge,
    login_url: loginUrl,
    ...members({ ...facts, status: 401 }),
  })
}

/** The 403 that names what is missing, as far as it may be told; `scope` is all that the resource needs. */
export function insufficient(
  facts: Omit<ProblemFacts, 'status'> & {
    missing: Missing
    scope: readonly string[] | undefined
    loginUrl: string | undefined
  },
): string {
  const { scopes, anyScope, claims } = facts.missing
  const missing = { scopes, any_scope: anyScope, claims }
  const asked = facts.scope && { error: 'insufficient_scope', scope: facts.scope.join(' ') }
  return JSON.stringify({
    ...asked,
    login_url: facts.loginUrl,
    ...members({ ...facts, status: 403 }),
    missing,
  })
}

function members({ status, detail, reason, requestId }: ProblemFacts) {
  return { type: 'about:blank', title: STATUS_CODES[status], status, detail, reason, request_id: requestId }
}
