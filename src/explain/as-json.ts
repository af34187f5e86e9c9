import type {
  CallerExplanation,
  CookieExplanation,
  Explanation,
  PathExplanation,
  RuleExplanation,
} from './explanation.ts'
import { isAllowed } from './explanation.ts'

/**
 * Writes an explanation for programs: one JSON document, whose names are those of the log and the configuration. Members
 * are added in later versions, and neither renamed nor taken out. Times are epoch seconds; what is not there is left out.
 */
export function explanationJson(explanation: Explanation): string {
  const { request, path, host, caller, rules, decision, upstream } = explanation
  const { isPageView, isWebSocket, ...asked } = request
  const { isServed, ...named } = host
  const document = {
    allowed: isAllowed(explanation),
    decision: decision.kind,
    reason: decision.reason,
    status: decision.status,
    rule: decision.rule,
    answer_headers: decision.headers,
    request: { ...asked, page_view: isPageView, websocket: isWebSocket },
    path: pathDocument(path),
    host: { ...named, served: isServed },
    caller: callerDocument(caller),
    rules: rules.map(ruleDocument),
    upstream,
  }
  return `${JSON.stringify(document, null, 2)}\n`
}

function pathDocument({ isCanonical, ...rest }: PathExplanation): object {
  return { canonical: isCanonical, ...rest }
}

function callerDocument({ isPassedOver, cookie, ...rest }: CallerExplanation): object {
  return {
    ...rest,
    passed_over: isPassedOver,
    ...(cookie !== undefined && { cookie: cookieDocument(cookie) }),
  }
}

function cookieDocument({ state, session }: CookieExplanation): object {
  if (session === undefined) return { state }
  const { sub, scopes, claims, createdAt, lastSeenAt, endsAt, accessTokenEndsAt, hasRefreshToken } = session
  return {
    state,
    sub,
    scopes,
    claims,
    created_at: createdAt,
    last_seen_at: lastSeenAt,
    ends_at: endsAt,
    access_token_ends_at: accessTokenEndsAt,
    refresh_token: hasRefreshToken,
  }
}

function ruleDocument({ at, isDeciding, conditions, ...rest }: RuleExplanation): object {
  return {
    ...rest,
    file: at.file,
    line: at.line,
    decides: isDeciding,
    conditions: conditions.map(({ isMet, ...condition }) => ({ ...condition, met: isMet })),
  }
}
