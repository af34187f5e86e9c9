/**
 * What a decision reads of a request beside its host, path, method and Authorization, which Envoy and its kin send anyway.
 * Nothing else goes into a check, so that no client can say under another name what it asks for.
 */
export const readByCheck: readonly string[] = [
  'accept',
  'access-control-request-method',
  'cookie',
  'origin',
  'sec-fetch-mode',
  'sec-fetch-site',
  'sec-websocket-key',
  'upgrade',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-requested-with',
]

/** What a denial tells the browser. The headers of an allowing answer are not among them: they are for the service. */
export const toldOnDenial: readonly string[] = [
  'access-control-allow-credentials',
  'access-control-allow-origin',
  'access-control-expose-headers',
  'cache-control',
  'content-security-policy',
  'content-type',
  'location',
  'referrer-policy',
  'retry-after',
  'set-cookie',
  'vary',
  'www-authenticate',
  'x-content-type-options',
  'x-frame-options',
]

/** Names as Envoy compares them. */
export function lowerCase(names: readonly string[]): string[] {
  return names.map((name) => name.toLowerCase())
}

/** Envoy has one address for all requests, so a page view is told apart by Postern alone. */
export function modeNote(mode: 'status' | 'redirect'): string {
  if (mode === 'redirect') return ''
  return `# Page views get 401 as it is. To send them to the sign-in, Postern's own configuration must say
# forward_auth: { preset: envoy, mode: redirect }; ?mode=redirect cannot stand before a path.
`
}
