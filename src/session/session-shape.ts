import type { Session } from '../core/session.ts'
import { isObject, isText, isTextList, isTime, isWish, type Shape } from './shape.ts'

/** The version of the shape; raised when it changes, so that older cookies are no sessions instead of wrong ones. */
const version = 1

const tokensShape: Shape = {
  accessToken: isText,
  refreshToken: (value) => value === undefined || isText(value),
  idToken: (value) => value === undefined || isText(value),
  obtainedAt: isTime,
  expiresAt: (value) => value === undefined || isTime(value),
}

const sessionShape: Shape = {
  id: isText,
  generation: (value) => Number.isInteger(value) && (value as number) >= 0,
  sub: isText,
  claims: (value) => isObject(value, undefined),
  scopes: isTextList,
  tokens: (value) => isObject(value, tokensShape),
  createdAt: isTime,
  lastSeenAt: isTime,
  unmet: isWish,
}

const sealedShape: Shape = {
  version: (value) => value === version,
  session: (value) => isObject(value, sessionShape),
}

/** What is sealed for a session. */
export function toSealed(session: Session): object {
  return { version, session }
}

/** The session in an opened seal; undefined when it has another version or shape. */
export function fromSealed(value: unknown): Session | undefined {
  return isObject(value, sealedShape) ? (value as { session: Session }).session : undefined
}
