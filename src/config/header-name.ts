import { checked, isToken } from './text.ts'

/** Headers that belong to the connection, to the client or to Postern's own forwarding (RFC 9110 section 7.6.1). */
const reserved = new Set([
  ...[
    'connection',
    'keep-alive',
    'proxy-connection',
    'te',
    'trailer',
    'transfer-encoding',
    'upgrade',
    'expect',
  ],
  ...[
    'proxy-authenticate',
    'proxy-authorization',
    'authorization',
    'cookie',
    'set-cookie',
    'host',
    'content-length',
  ],
  ...['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto'],
])

/** The name of a header that may carry a claim to an upstream. */
export const headerName = checked(
  'must be a header name like X-Forwarded-User; connection, forwarding, Authorization, Cookie and Host headers cannot be set',
  (text) => isToken(text) && !reserved.has(text.toLowerCase()),
)
