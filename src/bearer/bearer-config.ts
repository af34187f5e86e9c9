/** An issuer whose JWTs are accepted as access tokens. */
export type IssuerConfig = Readonly<{
  issuer: string
  /** One of these must be in the token's `aud`. */
  audience: readonly string[]
  algorithms: readonly string[]
  /** Where the keys are; discovered when absent. */
  jwks_uri?: string | undefined
  /** The claim that holds the scopes, dotted for a nested one; `scope` or else `scp` when absent. */
  scope_claim?: string | undefined
  /** The `typ` that tokens must have: `jwt` is also that of tokens without one. */
  type: 'at+jwt' | 'jwt' | 'any'
}>

/** The one server that is asked about tokens that are no JWTs of an issuer above. Durations are milliseconds. */
export type IntrospectionConfig = Readonly<{
  /** Where it is discovered; either this or `endpoint`. */
  issuer?: string | undefined
  endpoint?: string | undefined
  client_id: string
  client_secret?: string | undefined
  client_key?: Readonly<{ pem_or_jwk: string; key_id?: string | undefined }> | undefined
  client_auth: 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt' | 'none'
  audience: readonly string[]
  scope_claim?: string | undefined
  cache: number
}>

/** The `bearer` section of the configuration. Durations are milliseconds. */
export type BearerConfig = Readonly<{
  issuers: readonly IssuerConfig[]
  introspection?: IntrospectionConfig | undefined
  clock_tolerance: number
  timeout: number
  tls: Readonly<{ ca?: string | undefined }>
  dangerously_allow_http: boolean
}>
