import { PosternError } from '../core/errors.ts'
import { isObject } from './json-document.ts'
import type { Fetch } from './provider-fetch.ts'

/**
 * Wraps the provider's fetch so that openid-client sees answers as the standards want them, whatever the provider's habits:
 * token answers as JSON, and errors as errors. Anything else that should be JSON and is not gets POSTERN_PROVIDER_INVALID.
 */
export function withTidyAnswers(fetch: Fetch, options: { hasIdToken: boolean }): Fetch {
  return async (url, init) => {
    const answer = await fetch(url, init)
    const isTokenRequest = init.body instanceof URLSearchParams && init.body.has('grant_type')
    const tidy = isTokenRequest ? await tidyTokenAnswer(answer, options.hasIdToken) : answer
    const wantsJson = new Headers(init.headers).get('accept')?.includes('application/json')
    if (wantsJson && tidy.status === 200) requireJson(tidy)
    return tidy
  }
}

function requireJson(answer: Response): void {
  if (/^application\/(?:[\w.-]+\+)?json\b/i.test(contentType(answer))) return
  throw new PosternError('POSTERN_PROVIDER_INVALID', 'an answer is not JSON')
}

/**
 * Accepts a form-encoded token answer, null members (as absent), and an error sent with status 200, as GitHub does against
 * RFC 6749 section 5.2. An ID token of a provider without an issuer cannot be verified, so it is dropped.
 */
async function tidyTokenAnswer(answer: Response, hasIdToken: boolean): Promise<Response> {
  const text = await answer.text()
  const members = parse(text, contentType(answer))
  if (members === undefined)
    return new Response(text || null, { status: answer.status, headers: answer.headers })
  const isError = typeof members['error'] === 'string'
  const isKept = ([name, value]: [string, unknown]) => value !== null && (hasIdToken || name !== 'id_token')
  const status = isError && answer.status === 200 ? 400 : answer.status
  return Response.json(Object.fromEntries(Object.entries(members).filter(isKept)), { status })
}

function parse(text: string, type: string): Record<string, unknown> | undefined {
  if (type.startsWith('application/x-www-form-urlencoded'))
    return Object.fromEntries(new URLSearchParams(text))
  if (!type.includes('json')) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function contentType(answer: Response): string {
  return answer.headers.get('content-type') ?? ''
}
