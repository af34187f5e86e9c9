import { PosternError } from '../core/errors.ts'

const hidden = '[redacted]'

/** Keys that never have a place in a log line; whatever is logged under one of them is replaced. */
const secretKeys = [
  'authorization',
  'cookie',
  'set-cookie',
  'headers',
  'token',
  'tokens',
  'access_token',
  'accessToken',
  'refresh_token',
  'refreshToken',
  'id_token',
  'idToken',
  'client_secret',
  'clientSecret',
  'codeVerifier',
  'code_verifier',
  'state',
  'nonce',
  'key',
  'keys',
  'session',
  'config',
  'body',
  'query',
]

/** What pino does with a value by its key: errors are told without their secrets, secrets not at all. */
export const serializers: Readonly<Record<string, (value: unknown) => unknown>> = Object.freeze({
  ...Object.fromEntries(secretKeys.map((key) => [key, () => hidden])),
  // An error code may stand here, an authorization code may not.
  code: (value) => (/^[A-Z][A-Z0-9_]*$/.test(String(value)) ? value : hidden),
  url: (value) => String(value).replace(/[?#].*/s, ''),
  err: describeError,
  error: describeError,
  cause: describeError,
  // Requests and responses are told by the request line; here they would bring their headers along.
  req: () => undefined,
  res: () => undefined,
  request: () => undefined,
  response: () => undefined,
})

type ErrorFields = Readonly<{
  type: string
  code?: unknown
  message: string
  stack?: string
  cause?: Omit<ErrorFields, 'message' | 'stack'>
}>

/**
 * An error for the log: its code, message and stack. Foreign messages are scrubbed, since they may quote what a
 * provider sent, and of causes only type and code are told.
 */
export function describeError(value: unknown): ErrorFields {
  if (!(value instanceof Error)) return { type: typeof value, message: scrub(String(value)) }
  const message = value instanceof PosternError ? value.message : scrub(value.message)
  return { ...identify(value), message, stack: `${value.name}: ${message}${frames(value)}` }
}

function identify(error: Error & { code?: unknown }): Omit<ErrorFields, 'message' | 'stack'> {
  return {
    type: error.name,
    ...(typeof error.code === 'string' && { code: error.code }),
    ...(error.cause instanceof Error && { cause: identify(error.cause) }),
  }
}

/** The stack without its first lines, which repeat the message. */
function frames(error: Error): string {
  const lines = (error.stack ?? '').split('\n').filter((line) => /^ {4}at /.test(line))
  return lines.map((line) => `\n${line}`).join('')
}

/** Replaces what looks like a token, a code or a key: 32 or more characters of base64url with a digit among them. */
function scrub(text: string): string {
  return text.replace(/[\w-]{32,}/g, (run) => (/\d/.test(run) ? hidden : run))
}
