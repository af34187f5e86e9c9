import { missingClaims } from './scope.ts'
import type { Claims } from './session.ts'

/** Further conditions that the address of a check names; each list that is there must admit the caller. */
export type Constraints = Readonly<{
  groups?: readonly string[]
  emails?: readonly string[]
  emailDomains?: readonly string[]
}>

/** What the query of a check asks for beside the rules. */
export type CheckOptions = Readonly<{ constraints?: Constraints; isRedirecting?: true }>

const noOptions: CheckOptions = Object.freeze({})

const lists = {
  allowed_groups: 'groups',
  allowed_emails: 'emails',
  allowed_email_domains: 'emailDomains',
} as const

/**
 * Reads the query of a check, with the parameter names of oauth2-proxy: lists with commas, or repeated. One that is there
 * without a value admits nobody. Undefined for a mode that is none: whoever wrote it wanted something else than this.
 */
export function readCheckOptions(query: string): CheckOptions | undefined {
  if (query === '') return noOptions
  const parameters = new URLSearchParams(query)
  const modes = parameters.getAll('mode')
  if (modes.length > 1 || (modes.length === 1 && modes[0] !== 'redirect' && modes[0] !== 'status'))
    return undefined
  const constraints = Object.fromEntries(
    Object.entries(lists)
      .filter(([name]) => parameters.has(name))
      .map(([name, key]) => [key, valuesOf(parameters, name)]),
  )
  return {
    ...(Object.keys(constraints).length > 0 && { constraints }),
    ...(modes[0] === 'redirect' && { isRedirecting: true }),
  }
}

function valuesOf(parameters: URLSearchParams, name: string): readonly string[] {
  return parameters
    .getAll(name)
    .flatMap((text) => text.split(','))
    .map((text) => text.trim())
    .filter((text) => text !== '')
}

/** Tells whether the claims of a caller meet every constraint. An address that the provider has not verified is none. */
export function meets({ groups, emails, emailDomains }: Constraints, claims: Claims): boolean {
  const email = emailOf(claims)
  if (groups !== undefined && missingClaims({ groups }, claims).length > 0) return false
  if (emails !== undefined && !emails.some((allowed) => allowed.toLowerCase() === email)) return false
  return emailDomains === undefined || emailDomains.some((domain) => isOfDomain(email, domain.toLowerCase()))
}

function emailOf({ email, email_verified: isVerified }: Claims): string | undefined {
  return typeof email === 'string' && isVerified !== false ? email.toLowerCase() : undefined
}

/** `example.com` is that domain alone, `.example.com` and `*.example.com` are those below it. */
function isOfDomain(email: string | undefined, domain: string): boolean {
  const parts = email?.split('@') ?? []
  const [name, host] = parts
  if (parts.length !== 2 || !name || !host) return false
  return /^\*?\./.test(domain) ? host.endsWith(domain.replace(/^\*/, '')) : host === domain
}
