import { performance } from 'node:perf_hooks'
import { Agent, fetch as undiciFetch } from 'undici'
import { PosternError } from '../core/errors.ts'
import { type Operation, unreachable } from './provider-errors.ts'

/** What openid-client calls with: the part of the Fetch API that is used here. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

/** How a request ended: refused is 4xx, failing 429 or 5xx, unusable too large or a redirect. */
type Outcome = 'answered' | 'refused' | 'failing' | 'unusable' | 'timeout' | 'unreachable'

/** What was sent, and the status of what came back, if anything did. */
type Sent = Readonly<{ method: string; url: string; status: number | undefined }>

/** Told how each request ended, and after how many milliseconds. */
export type OnAnswer = (operation: Operation, outcome: Outcome, ms: number, sent: Sent) => void

type Tell = (outcome: Outcome, status: number | undefined) => void

export type ProviderFetch = Readonly<{
  /** The fetch for one kind of question. */
  fetchFor: (operation: Operation) => Fetch
  close: () => Promise<void>
}>

/** No answer of a provider is larger than this, in bytes after decompression. */
const maxAnswer = 1024 * 1024

/**
 * Makes the fetch for everything the provider is asked: certificates verified, one time limit from connecting to the
 * last byte, no redirects, at most 1 MiB.
 * The answer it resolves to is complete, so whoever reads it waits for nothing.
 * Throws POSTERN_PROVIDER_UNREACHABLE for network failures, time-outs, 429 and 5xx; POSTERN_PROVIDER_INVALID for redirects and size.
 */
export function createProviderFetch(options: {
  ca: string | undefined
  timeoutMs: number
  clock: () => number
  onAnswer: OnAnswer
  fetch?: Fetch | undefined
}): ProviderFetch {
  const { timeoutMs, clock, onAnswer } = options
  const dispatcher = new Agent({
    connect: { rejectUnauthorized: true, timeout: timeoutMs, ...(options.ca && { ca: options.ca }) },
    // No connection is used twice: a kept one that the provider closes just then leaves open whether a refresh token was spent.
    pipelining: 0,
  })
  const send: Fetch =
    options.fetch ??
    ((url, init) => (undiciFetch as unknown as Fetch)(url, { ...init, dispatcher } as object))

  function fetchFor(operation: Operation): Fetch {
    return (url, init) => {
      const sentAt = performance.now()
      const { method = 'GET' } = init
      return fetch(url, init, (outcome, status) =>
        onAnswer(operation, outcome, performance.now() - sentAt, { method, url, status }),
      )
    }
  }

  async function fetch(url: string, init: RequestInit, tell: Tell): Promise<Response> {
    let status: number | undefined
    const failed = (error: unknown): never => {
      tell(outcomeOf(error), status)
      throw error instanceof PosternError ? error : unreachable(error, init.method === 'POST')
    }
    const signal = AbortSignal.timeout(timeoutMs)
    const answer = await send(url, { ...init, signal, redirect: 'manual' }).catch(failed)
    status = answer.status
    const body = await readCapped(answer).catch(failed)
    tell(outcomeOfStatus(status), status)
    refuseStatus(answer, clock())
    return new Response(body.length === 0 ? null : body, { status, headers: kept(answer) })
  }

  return { fetchFor, close: () => dispatcher.destroy() }
}

function outcomeOf(error: unknown): Outcome {
  if (error instanceof PosternError) return 'unusable'
  return (error as Error).name === 'TimeoutError' ? 'timeout' : 'unreachable'
}

function outcomeOfStatus(status: number): Outcome {
  if (isFailing(status)) return 'failing'
  if (status >= 400) return 'refused'
  return status >= 300 ? 'unusable' : 'answered'
}

function isFailing(status: number): boolean {
  return status === 429 || status >= 500
}

async function readCapped(answer: Response): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of answer.body ?? []) {
    size += chunk.length
    if (size > maxAnswer) throw new PosternError('POSTERN_PROVIDER_INVALID', 'an answer is larger than 1 MiB')
    chunks.push(chunk)
  }
  return new Uint8Array(Buffer.concat(chunks, size))
}

function refuseStatus(answer: Response, now: number): void {
  const { status } = answer
  if (isFailing(status)) {
    const retryAfter = readRetryAfter(answer.headers.get('retry-after'), now)
    throw new PosternError('POSTERN_PROVIDER_UNREACHABLE', `answered with status ${status}`, { retryAfter })
  }
  if (status >= 300 && status < 400) {
    throw new PosternError('POSTERN_PROVIDER_INVALID', 'answered with a redirect, which is not followed')
  }
}

/** Seconds to wait, from either form of Retry-After (RFC 9110 section 10.2.3). */
function readRetryAfter(value: string | null, now: number): number | undefined {
  if (value === null) return undefined
  if (/^\d{1,9}$/.test(value)) return Number(value)
  const date = Date.parse(value) / 1000
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil(date - now))
}

/** Only the headers that the protocol needs; length and encoding no longer describe the body. */
function kept(answer: Response): [string, string][] {
  return ['content-type', 'www-authenticate'].flatMap((name) => {
    const value = answer.headers.get(name)
    return value === null ? [] : [[name, value] as [string, string]]
  })
}
