import type { FastifyReply, FastifyRequest } from 'fastify'
import type { CorsHeaders } from '../core/cors.ts'
import { isForPerson } from '../core/navigation.ts'
import { bareHeaders, jsonHeaders, pageHeaders, problemHeaders } from '../pages/headers.ts'
import type { Page, PageFacts } from '../pages/layout.ts'
import { problem } from '../pages/problem.ts'
import type { CookieChange } from './cookie-change.ts'

/** What an answer of ours carries beside its page. */
export type AnswerFacts = Readonly<{
  /** Kebab-case; for the log and the problem document. */
  reason: string
  headers?: Readonly<Record<string, string>>
  /** The connection ends after it, because nobody can be sure what follows on it. */
  isLast?: boolean
  cookies?: readonly string[]
  /** The JSON twin, where it says more than the plain problem document or the page is about no problem. */
  json?: string
}>

/** Answers that come from Postern itself, never from an upstream. */
export type Respond = Readonly<{
  /** What a page must know of its request. */
  facts(request: FastifyRequest): PageFacts
  /** A page for a person, a problem document for anything else. */
  page(request: FastifyRequest, reply: FastifyReply, page: Page, facts: AnswerFacts): void
  /** A problem document or other JSON, whoever asks. */
  json(request: FastifyRequest, reply: FastifyReply, status: number, body: string, facts: AnswerFacts): void
  /** 204, with nothing but headers. */
  empty(request: FastifyRequest, reply: FastifyReply, facts: AnswerFacts): void
  /** A redirect that turns every method into GET (303), or keeps to the book for logins (302). */
  redirect(
    request: FastifyRequest,
    reply: FastifyReply,
    status: 302 | 303,
    location: string,
    facts: AnswerFacts,
  ): void
}>

/** A body larger than this is not read to its end for the sake of the connection. */
const drainableBytes = 65_536

/** Builds the writer of our own answers. */
export function createRespond(
  prefix: string,
  cookieLines: (change: CookieChange | undefined) => readonly string[],
): Respond {
  return { facts, page, json, empty, redirect }

  function facts(request: FastifyRequest): PageFacts {
    return { requestId: request.visit.requestId, prefix }
  }

  function page(request: FastifyRequest, reply: FastifyReply, shown: Page, answer: AnswerFacts): void {
    if (!request.visit.isUpgrade && isForPerson(request.headers)) {
      send(request, reply.code(shown.status).headers(pageHeaders(shown)), answer, shown.html)
      return
    }
    const { status, detail } = shown
    const body =
      answer.json ?? problem({ status, detail, reason: answer.reason, requestId: request.visit.requestId })
    send(request, reply.code(status).headers(status < 400 ? jsonHeaders : problemHeaders), answer, body)
  }

  function json(
    request: FastifyRequest,
    reply: FastifyReply,
    status: number,
    body: string,
    answer: AnswerFacts,
  ): void {
    send(request, reply.code(status).headers(jsonHeaders), answer, body)
  }

  function empty(request: FastifyRequest, reply: FastifyReply, answer: AnswerFacts): void {
    send(request, reply.code(204).headers(bareHeaders), answer, '')
  }

  function redirect(
    request: FastifyRequest,
    reply: FastifyReply,
    status: 302 | 303,
    location: string,
    answer: AnswerFacts,
  ): void {
    send(request, reply.code(status).headers({ ...bareHeaders, location }), answer, '')
  }

  function send(request: FastifyRequest, reply: FastifyReply, answer: AnswerFacts, body: string): void {
    const { visit, headers } = request
    visit.reason = answer.reason
    const cookies = [...cookieLines(visit.cookies), ...(answer.cookies ?? [])]
    if (cookies.length > 0) reply.header('set-cookie', cookies)
    if (answer.headers !== undefined) reply.headers(answer.headers)
    if (visit.cors !== undefined) reply.headers(readable(visit.cors))
    // A client that was not told to go on may send its body or not: what follows cannot be told apart.
    if (answer.isLast === true || visit.isUpgrade || visit.expectsContinue || hasLongBody(headers)) {
      visit.isLast = true
      reply.header('connection', 'close')
    }
    // Of an answer to HEAD, Node sends the length and drops the body (RFC 9110 section 8.6).
    reply.send(body)
  }
}

/** Answering early must not mean to swallow an upload of any length first. */
function hasLongBody(headers: FastifyRequest['headers']): boolean {
  if (headers['transfer-encoding'] !== undefined) return true
  return Number(headers['content-length'] ?? 0) > drainableBytes
}

/** A page that may read our refusals may read what to do about them. */
function readable(cors: CorsHeaders): CorsHeaders {
  if (!('access-control-allow-origin' in cors)) return cors
  const exposed = cors['access-control-expose-headers']
  const own = 'WWW-Authenticate, Retry-After'
  return { ...cors, 'access-control-expose-headers': exposed === undefined ? own : `${exposed}, ${own}` }
}
