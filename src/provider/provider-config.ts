/** Where claims may come from, in the order of trust: of two sources that name the same claim the first one wins. */
export type ClaimSource = 'id_token' | 'userinfo' | 'access_token'

/** The endpoints of a plain OAuth 2.0 provider, which has no discovery document. */
export type ProviderEndpoints = Readonly<{
  authorization: string
  token: string
  userinfo?: string | undefined
  revocation?: string | undefined
  end_session?: string | undefined
}>

/** The `provider` section of the configuration. Durations are milliseconds. */
export type ProviderConfig = Readonly<{
  /** An OpenID Connect issuer; either this or `endpoints`. */
  issuer?: string | undefined
  endpoints?: ProviderEndpoints | undefined
  client_id: string
  client_secret?: string | undefined
  client_key?: Readonly<{ pem_or_jwk: string; key_id?: string | undefined }> | undefined
  client_auth: 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt' | 'none'
  scopes: readonly string[]
  authorization_params: Readonly<Record<string, string>>
  claims_from: readonly ClaimSource[]
  /** Claim name to dotted path in the UserInfo answer, for plain OAuth 2.0. */
  userinfo: Readonly<Record<string, string>>
  id_token_algorithms: readonly string[]
  clock_tolerance: number
  timeout: number
  tls: Readonly<{ ca?: string | undefined }>
  dangerously_allow_http: boolean
}>

/** The part of a pino logger that the provider uses. */
export type ProviderLog = Readonly<
  Record<'info' | 'warn' | 'error', (fields: Readonly<Record<string, unknown>>, message: string) => void>
>
