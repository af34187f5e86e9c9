import { claimPath } from '../config/text.ts'
import { keyOf } from './option-names.ts'
import { providerNamed } from './providers.ts'
import { isUnusual, type Settings, textOf } from './settings.ts'
import { SyntaxProblem } from './syntax-problem.ts'

/** Which claim stands for what. */
export type ClaimNames = Readonly<{ user: string; email: string; groups: string; roles: string }>

/**
 * The claims that oauth2-proxy took for the user, the address, the groups and the roles.
 * @throws {SyntaxProblem} when one is no name of a claim: who would pass then is anybody's guess
 */
export function claimNames(settings: Settings): ClaimNames {
  const emailFlag = isUnusual(settings, 'oidc-email-claim') ? 'oidc-email-claim' : 'user-id-claim'
  return {
    user: providerNamed(providerName(settings))?.user ?? 'sub',
    email: claimOf(settings, emailFlag) ?? 'email',
    groups: claimOf(settings, 'oidc-groups-claim') ?? 'groups',
    roles: claimOf(settings, 'oidc-roles-claim') ?? 'roles',
  }
}

/** The provider, by the name that oauth2-proxy gives it. */
export function providerName(settings: Settings): string {
  return textOf(settings, 'provider') ?? 'google'
}

function claimOf(settings: Settings, flag: string): string | undefined {
  const name = textOf(settings, flag)
  if (name === undefined || (claimPath.safeParse(name).success && !name.includes('__proto__'))) return name
  throw new SyntaxProblem(1, 1, `${keyOf(flag)} is not the name of a claim`)
}
