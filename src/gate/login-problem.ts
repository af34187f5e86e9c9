import type { FastifyReply, FastifyRequest } from 'fastify'
import { type ErrorCode, PosternError } from '../core/errors.ts'
import type { CookieFacts } from '../pages/cookie-causes.ts'
import { type LoginProblem, loginProblemPage } from '../pages/login-problem.ts'
import type { Respond } from './respond.ts'
import type { Site } from './site.ts'

type PlainReason = Exclude<
  LoginProblem['reason'],
  'login-cookie-missing' | 'login-going-round' | 'login-refused'
>

/** What a person is told when a login ends in one of our errors. */
const reasons: Partial<Record<ErrorCode, PlainReason>> = {
  POSTERN_PROVIDER_UNREACHABLE: 'provider-unreachable',
  POSTERN_CLIENT_REFUSED: 'client-refused',
  POSTERN_TOO_MANY_LOGINS: 'too-many-logins',
  POSTERN_SESSION_TOO_LARGE: 'session-too-large',
}

type LoginProblemOptions = Readonly<{
  respond: Respond
  sameSite: 'lax' | 'strict' | 'none'
  domain: string | undefined
  log: (error: PosternError, requestId: string) => void
}>

/** Tells people why a login did not come to an end, always with a way to go on. */
export type TellLoginProblem = Readonly<{
  /** A problem that has a page of its own. */
  show(
    request: FastifyRequest,
    reply: FastifyReply,
    problem: LoginProblem,
    returnTo?: string,
    cookies?: readonly string[],
  ): void
  /** The login cookie did not come back: names the causes that fit this request. */
  cookieMissing(request: FastifyRequest, reply: FastifyReply, site: Site, returnTo: string): void
  /** The person signed in again and again and came back as if not: names what may stand between, and counts anew. */
  goingRound(
    request: FastifyRequest,
    reply: FastifyReply,
    site: Site,
    returnTo: string,
    hasSession: boolean,
  ): void
  /** Something was thrown on the way; logged with its detail, shown without. */
  failed(
    request: FastifyRequest,
    reply: FastifyReply,
    error: unknown,
    returnTo?: string,
    cookies?: readonly string[],
  ): void
}>

/** Builds what tells people about login problems. */
export function createTellLoginProblem(options: LoginProblemOptions): TellLoginProblem {
  const { respond, sameSite, domain, log } = options
  return { show, cookieMissing, goingRound, failed }

  function show(
    request: FastifyRequest,
    reply: FastifyReply,
    problem: LoginProblem,
    returnTo?: string,
    cookies: readonly string[] = [],
  ): void {
    request.visit.event = 'sign-in-failed'
    const facts = { ...respond.facts(request), problem, ...(returnTo !== undefined && { returnTo }) }
    const wait = waitFor(problem)
    const headers = wait === undefined ? {} : { 'retry-after': String(wait) }
    respond.page(request, reply, loginProblemPage(facts), { reason: problem.reason, cookies, headers })
  }

  function cookieMissing(request: FastifyRequest, reply: FastifyReply, site: Site, returnTo: string): void {
    show(request, reply, { reason: 'login-cookie-missing', cookie: cookieFacts(request, site) }, returnTo)
  }

  function goingRound(
    request: FastifyRequest,
    reply: FastifyReply,
    site: Site,
    returnTo: string,
    hasSession: boolean,
  ): void {
    const cookie = { ...cookieFacts(request, site), hasSession }
    const cookies = [site.cookies.loops.reset()]
    show(request, reply, { reason: 'login-going-round', cookie }, returnTo, cookies)
  }

  function cookieFacts(request: FastifyRequest, site: Site): CookieFacts {
    const { origin } = request.visit
    return {
      publicUrl: site.origin,
      host: request.headers.host as string,
      scheme: origin.scheme ?? site.scheme,
      cookieBytes: request.headers.cookie?.length ?? 0,
      sameSite,
      ...(domain !== undefined && { domain }),
    }
  }

  function failed(
    request: FastifyRequest,
    reply: FastifyReply,
    thrown: unknown,
    returnTo?: string,
    cookies?: readonly string[],
  ): void {
    const error =
      thrown instanceof PosternError
        ? thrown
        : new PosternError('POSTERN_INTERNAL', 'a login failed unexpectedly', { cause: thrown })
    // What a limit is for is told by the line of the request.
    if (error.code !== 'POSTERN_TOO_MANY_LOGINS') log(error, request.visit.requestId)
    const problem: LoginProblem =
      error.code === 'POSTERN_LOGIN_DENIED'
        ? { reason: 'login-refused', error: error.detail }
        : { reason: reasons[error.code] ?? 'provider-invalid', retryAfter: error.retryAfter }
    show(request, reply, problem, returnTo, cookies)
  }
}

/** Seconds to wait before it makes sense to try again. */
function waitFor(problem: LoginProblem): number | undefined {
  if (problem.reason === 'provider-unreachable') return 5
  return problem.reason === 'too-many-logins' ? problem.retryAfter : undefined
}
