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

/** The 401 for an API call without a session: where a person could sign in, never a redirect. */
export function loginRequired(facts: Omit<ProblemFacts, 'status' | 'detail'> & { loginUrl: string }): string {
  const detail = 'Sign in at login_url, then try again.'
  return JSON.stringify({
    error: 'login_required',
    login_url: facts.loginUrl,
    ...members({ ...facts, status: 401, detail }),
  })
}

/** The 403 that names what is missing, as far as it may be told. */
export function insufficient(facts: Omit<ProblemFacts, 'status'> & { missing: Missing }): string {
  const { scopes, anyScope, claims } = facts.missing
  const missing = { scopes, any_scope: anyScope, claims }
  return JSON.stringify({ ...members({ ...facts, status: 403 }), missing })
}

function members({ status, detail, reason, requestId }: ProblemFacts) {
  return { type: 'about:blank', title: STATUS_CODES[status], status, detail, reason, request_id: requestId }
}
