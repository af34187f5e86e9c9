import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { decodeJwt, type JWTPayload } from 'jose'
import { headerPairs } from '../core/headers.ts'

/** A request as the upstream got it. */
export type RequestView = Readonly<{
  method: string
  /** The request target, byte for byte. */
  target: string
  /** Name and value pairs as they came: order, case and repetitions kept. */
  headers: readonly (readonly [name: string, value: string])[]
  /** The access token, if one came: its claims (unverified, for looking at) and a short mark to tell it from the next. */
  token?: Readonly<{ mark: string; claims?: JWTPayload }>
  body: string
}>

const maxBody = 64 * 1024

/** Reads the request to its end; of a long body the first 64 KiB are kept. */
export async function viewOf(request: IncomingMessage): Promise<RequestView> {
  let body = ''
  for await (const chunk of request.setEncoding('utf8')) body = `${body}${chunk}`.slice(0, maxBody)
  const token = tokenOf(request.headers.authorization)
  return {
    method: request.method as string,
    target: request.url as string,
    headers: headerPairs(request.rawHeaders),
    ...(token && { token }),
    body,
  }
}

function tokenOf(authorization: string | undefined): RequestView['token'] {
  const token = /^Bearer (.+)$/i.exec(authorization ?? '')?.[1]
  if (token === undefined) return undefined
  const mark = createHash('sha256').update(token).digest('hex').slice(0, 8)
  try {
    return { mark, claims: decodeJwt(token) }
  } catch {
    return { mark }
  }
}
