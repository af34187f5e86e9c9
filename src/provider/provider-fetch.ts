import { Agent, fetch as undiciFetch } from 'undici'
import { PosternError } from '../core/errors.ts'
import { unreachable } from './provider-errors.ts'

/** What openid-client calls with: the part of the Fetch API that is used here. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

export type ProviderFetch = Readonly<{ fetch: Fetch; close: () => Promise<void> }>

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
  fetch?: Fetch | undefined
}): ProviderFetch {
  const { timeoutMs, clock } = options
  const dispatcher = new Agent({
    connect: { rejectUnauthorized: true, timeout: timeoutMs, ...(options.ca && { ca: options.ca }) },
    // No connection is used twice: a kept one that the provider closes just then leaves open whether a refresh token was spent.
    pipelining: 0,
  })
  const send: Fetch =
    options.fetch ??
    ((url, init) => (undiciFetch as unknown as Fetch)(url, { ...init, dispatcher } as object))

  async function fetch(url: string, init: RequestInit): Promise<Response> {
    const signal = AbortSignal.timeout(timeoutMs)
    const answer = await send(url, { ...init, signal, redirect: 'manual' }).catch((error: unknown) => {
      throw unreachable(error, init.method === 'POST')
    })
    const body = await readCapped(answer).catch((error: unknown) => {
      throw error instanceof PosternError ? error : unreachable(error, init.method === 'POST')
    })
    refuseStatus(answer, clock())
    return new Response(body.length === 0 ? null : body, { status: answer.status, headers: kept(answer) })
  }

  return { fetch, close: () => dispatcher.destroy() }
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
  if (status === 429 || status >= 500) {
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
