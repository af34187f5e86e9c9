import type { Session } from '../core/session.ts'

/** How people know their account: by mail address or name rather than by an identifier. */
export function accountName({ claims, sub }: Session): string {
  const { email, preferred_username: username, name } = claims
  return String(email ?? username ?? name ?? sub)
}
