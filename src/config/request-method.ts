import { checked, isToken } from './text.ts'

/** A request method, in upper case; TRACE would hand cookies back to scripts and CONNECT asks for a tunnel. */
export const requestMethod = checked(
  'must be a request method like GET; CONNECT and TRACE are never served',
  (text) => isToken(text) && text !== '*' && !['CONNECT', 'TRACE'].includes(text.toUpperCase()),
).transform((text) => text.toUpperCase())
