/** What a WWW-Authenticate line tells a client; all of it printable ASCII without `"` and `\`. */
export type Challenge = Readonly<{
  realm: string
  /** Absent when no token was sent. */
  error?: 'invalid_request' | 'invalid_token' | 'insufficient_scope' | 'insufficient_user_authentication'
  description?: string
  /** The scopes that the resource needs. */
  scope?: readonly string[]
  acr?: readonly string[]
  /** Seconds. */
  maxAge?: number | undefined
  /** Where the authorization server of this resource is told. */
  resourceMetadata?: string | undefined
}>

/**
 * Writes a challenge as the value of WWW-Authenticate.
 * @see RFC 6750 section 3, RFC 9470 section 3, RFC 9728 section 5.1
 */
export function bearerChallenge(challenge: Challenge): string {
  const { realm, error, description, scope = [], acr = [], maxAge, resourceMetadata } = challenge
  const parameters = {
    realm,
    error,
    error_description: description,
    scope: scope.join(' '),
    acr_values: acr.join(' '),
    max_age: maxAge?.toString(),
    resource_metadata: resourceMetadata,
  }
  const written = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== '')
  return `Bearer ${written.map(([name, value]) => `${name}="${value}"`).join(', ')}`
}
