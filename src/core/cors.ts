/** Which pages of other origins may read what a rule answers. */
export type CorsPolicy = Readonly<{
  /** As browsers write them, compared to the letter. */
  origins: readonly string[]
  /** Upper case; absent for whatever methods the rule serves. */
  methods?: readonly string[]
  /** Request headers beside the ones that need no permission, lower case. */
  headers: readonly string[]
  /** Response headers that scripts may read beside the ones that need no permission. */
  exposeHeaders: readonly string[]
  /** Whether cookies may go with the requests. */
  credentials: boolean
  /** How long a browser may remember a preflight, in seconds. */
  maxAge: number
}>

/** Response headers, names in lower case. */
export type CorsHeaders = Readonly<Record<string, string>>
