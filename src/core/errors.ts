/**
 * Every failure a person or a client can be told about: its HTTP status, and the one sentence that may be shown.
 * What went wrong in detail travels in `detail` and `cause`, which are logged and never shown.
 */
const table = {
  POSTERN_BAD_REQUEST: { status: 400, public: 'The request could not be understood.' },
  POSTERN_BAD_TARGET: { status: 400, public: 'The address of this request is not acceptable.' },
  POSTERN_MISDIRECTED: { status: 421, public: 'This address is not served here.' },
  POSTERN_HEADERS_TOO_LARGE: { status: 431, public: 'The request headers are too large.' },
  POSTERN_BODY_TOO_LARGE: { status: 413, public: 'The request is larger than is accepted here.' },
  POSTERN_TOO_MANY_LOGINS: { status: 429, public: 'Too many sign-ins were begun.' },
  POSTERN_LOGIN_FAILED: { status: 400, public: 'Signing in could not be completed.' },
  POSTERN_LOGIN_DENIED: { status: 403, public: 'The sign-in was refused by the identity provider.' },
  POSTERN_GRANT_REFUSED: { status: 400, public: 'The identity provider no longer accepts this sign-in.' },
  POSTERN_CLIENT_REFUSED: { status: 502, public: 'The identity provider refused this gateway.' },
  POSTERN_PROVIDER_INVALID: {
    status: 502,
    public: 'The identity provider gave an answer that cannot be used.',
  },
  POSTERN_PROVIDER_UNREACHABLE: {
    status: 503,
    public: 'The identity provider cannot be reached at the moment.',
  },
  POSTERN_SESSION_TOO_LARGE: { status: 500, public: 'The session is too large for the browser to keep.' },
  POSTERN_UPSTREAM_UNREACHABLE: { status: 502, public: 'The service behind this gateway cannot be reached.' },
  POSTERN_UPSTREAM_INVALID: { status: 502, public: 'The service behind this gateway gave a broken answer.' },
  POSTERN_UPSTREAM_TIMEOUT: {
    status: 504,
    public: 'The service behind this gateway did not answer in time.',
  },
  POSTERN_INTERNAL: { status: 500, public: 'Something went wrong in this gateway.' },
} as const satisfies Record<string, { status: number; public: string }>

export type ErrorCode = keyof typeof table

/** What else a failure says, for those who decide on a retry; `cause` is for the log. */
export type PosternErrorOptions = Readonly<{
  cause?: unknown
  /** The request may have been processed although no answer came: the connection broke after sending, or time ran out. */
  isAmbiguous?: boolean
  /** Seconds to wait: those the provider asked for, or ours (RFC 9110 section 10.2.3). */
  retryAfter?: number | undefined
  /** A refresh answered for somebody else than the session is for (OpenID Connect Core 1.0 section 12.2). */
  isSubjectChange?: boolean
}>

/** A failure with a stable code; `detail` and `cause` are for the log, `public` for people. */
export class PosternError extends Error {
  readonly code: ErrorCode
  readonly status: number
  readonly public: string
  readonly detail: string
  readonly isAmbiguous: boolean
  readonly isSubjectChange: boolean
  readonly retryAfter: number | undefined

  constructor(code: ErrorCode, detail: string, options: PosternErrorOptions = {}) {
    super(`${code}: ${detail}`, options)
    this.name = 'PosternError'
    this.code = code
    this.detail = detail
    this.status = table[code].status
    this.public = table[code].public
    this.isAmbiguous = options.isAmbiguous ?? false
    this.isSubjectChange = options.isSubjectChange ?? false
    this.retryAfter = options.retryAfter
  }
}
