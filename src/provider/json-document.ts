import { PosternError } from '../core/errors.ts'
import type { Fetch } from './provider-fetch.ts'

/** Fetches a JSON document that needs no authentication: discovery or keys. Throws POSTERN_PROVIDER_INVALID. */
export async function fetchJsonDocument(fetch: Fetch, url: string, accept: string): Promise<unknown> {
  const answer = await fetch(url, { method: 'GET', headers: { accept } })
  if (answer.status !== 200) {
    throw new PosternError('POSTERN_PROVIDER_INVALID', `a document was answered with status ${answer.status}`)
  }
  return parseJson(answer)
}

/** The body of an answer as JSON; throws POSTERN_PROVIDER_INVALID, without the parser's excerpt of the text. */
export async function parseJson(answer: Response): Promise<unknown> {
  try {
    return await answer.json()
  } catch {
    throw new PosternError('POSTERN_PROVIDER_INVALID', 'an answer is not JSON')
  }
}

/** Tells whether a parsed JSON value is an object, not an array or null. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
