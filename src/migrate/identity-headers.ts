import { claimNames } from './claim-names.ts'
import { isOn, type Settings } from './settings.ts'
import type { Branch } from './tree.ts'

/** The identity headers of `X-Forwarded-` or `X-Auth-Request-`; undefined where they are those of Postern anyway. */
export function identityHeaders(settings: Settings, prefix: string): Branch | undefined {
  const { user, email, groups } = claimNames(settings)
  const prefersEmail = prefix === 'X-Forwarded-' && isOn(settings, 'prefer-email-to-user')
  if (user === 'sub' && email === 'email' && groups === 'groups' && !prefersEmail) return undefined
  return {
    [`${prefix}User`]: prefersEmail ? email : user,
    [`${prefix}Email`]: prefersEmail ? undefined : email,
    [`${prefix}Groups`]: groups,
    [`${prefix}Preferred-Username`]: 'preferred_username',
  }
}
