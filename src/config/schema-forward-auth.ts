import { z } from 'zod'
import { documented } from './documented.ts'
import { headerName } from './header-name.ts'
import { conflictIf, withRelations } from './relation.ts'
import { checked, claimPath } from './text.ts'

/** The proxies that ask, each with its own way of telling about the original request. */
export const presets = ['nginx', 'ingress-nginx', 'traefik', 'caddy', 'haproxy', 'envoy'] as const

export type Preset = (typeof presets)[number]

/** nginx takes anything but 2xx, 401 and 403 for a failure, and a redirect is one. */
const takesRedirects = (preset: Preset) => preset !== 'nginx' && preset !== 'ingress-nginx'

const redirectsByDefault: ReadonlySet<Preset> = new Set(['traefik', 'caddy'])
const dropsCookies: ReadonlySet<Preset> = new Set(['traefik', 'caddy', 'envoy'])

const defaultIdentityHeaders = {
  'X-Auth-Request-User': 'sub',
  'X-Auth-Request-Email': 'email',
  'X-Auth-Request-Groups': 'groups',
  'X-Auth-Request-Preferred-Username': 'preferred_username',
}

/** Headers of the answer that mean something of their own to the proxy that asked. */
const answersOwn: ReadonlySet<string> = new Set([
  ...['cache-control', 'content-type', 'date', 'location', 'retry-after', 'server', 'www-authenticate'],
  'x-auth-request-access-token',
])

const answerHeader = headerName.and(
  checked(
    'must have letters, digits and hyphens only, since proxies copy no other names, and not be one that the answer has anyway',
    (text) => /^[a-z][a-z\d-]*$/i.test(text) && !answersOwn.has(text.toLowerCase()),
  ),
)

const identityHeaders = z
  .union(
    [z.boolean(), z.record(answerHeader, claimPath)],
    'must be true, false or a map of header name to claim',
  )
  .transform((value): Record<string, string> => {
    if (typeof value === 'object') return value
    return value ? { ...defaultIdentityHeaders } : {}
  })
  .prefault(true)

const keys = z.strictObject({
  preset: documented(z.enum(presets), {
    type: presets.join(', '),
    meaning:
      'Which proxy asks `auth`, and so where the original request is read from. It must be one of `server.trusted_proxies`. `postern print` prints what to write there.',
    example: 'nginx',
  }),
  mode: documented(z.enum(['status', 'redirect']).exactOptional(), {
    type: 'status or redirect',
    meaning:
      'What a page view without a session gets: 401, or the redirect to the sign-in, for proxies that pass it on. `redirect` for traefik and caddy, else `status`; `?mode=redirect` does the same for one address.',
    example: 'redirect',
  }),
  success_status: documented(z.literal([200, 202], 'must be 200 or 202').prefault(200), {
    type: '200 or 202',
    meaning: 'The status of an allowed request. 202 is what oauth2-proxy says; some proxies take 200 only.',
    example: 202,
  }),
  original_method: documented(z.enum(['required', 'ignored']).prefault('required'), {
    type: 'required or ignored',
    meaning:
      'For nginx without `X-Forwarded-Method`: `required` refuses paths whose routes differ by method; `ignored` never reads the header, and all routes of the path must let the request pass.',
    example: 'ignored',
  }),
  token: documented(z.enum(['access', 'id', 'none']).prefault('access'), {
    type: 'access, id or none',
    meaning: 'Which token the answer carries as `Authorization: Bearer`, for the proxy to copy.',
    example: 'none',
  }),
  access_token_header: documented(z.boolean().prefault(false), {
    type: 'true or false',
    meaning: 'Whether the answer carries the access token as `X-Auth-Request-Access-Token` too.',
    example: true,
  }),
  identity_headers: documented(identityHeaders, {
    type: 'true, false, or map of header to claim',
    meaning:
      'The headers of the answer that say who is signed in; each is there even when it is empty. `true` means `X-Auth-Request-User`, `-Email`, `-Groups` and `-Preferred-Username`.',
    example: { 'X-User': 'sub', 'X-Roles': 'realm_access.roles' },
  }),
  cookies: documented(z.enum(['passed', 'dropped']).exactOptional(), {
    type: 'passed or dropped',
    meaning:
      'Whether the proxy brings the `Set-Cookie` of an allowing answer to the browser. `dropped` for traefik, caddy and envoy, else `passed`.',
    example: 'passed',
  }),
})

/** The `forward_auth` section: Postern beside another proxy, which asks about every request. */
export const forwardAuthSchema = withRelations(keys, [
  {
    reads: [['preset'], ['mode']],
    find: ({ preset, mode }) =>
      conflictIf(
        mode === 'redirect' && !takesRedirects(preset),
        ['mode'],
        'must be status: nginx answers 500 when the check is a redirect; it redirects by itself on 401',
      ),
  },
  {
    reads: [['preset'], ['success_status']],
    find: ({ preset, success_status }) =>
      conflictIf(
        preset === 'envoy' && success_status !== 200,
        ['success_status'],
        'must be 200: Envoy takes any other status for a denial',
      ),
  },
  {
    reads: [['preset'], ['original_method']],
    find: ({ preset, original_method }) =>
      conflictIf(
        preset !== 'nginx' && original_method === 'ignored',
        ['original_method'],
        'must be required: this proxy always tells the method',
      ),
  },
]).transform(({ mode, cookies, ...rest }) => ({
  ...rest,
  mode: mode ?? (redirectsByDefault.has(rest.preset) ? 'redirect' : 'status'),
  cookies: cookies ?? (dropsCookies.has(rest.preset) ? 'dropped' : 'passed'),
}))
