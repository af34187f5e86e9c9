import { isPlainPath } from '../config/text.ts'
import { upstreamUrl } from '../config/upstream-url.ts'
import { goDuration, posternDuration } from './go-duration.ts'
import { identityHeaders } from './identity-headers.ts'
import type { Input } from './input.ts'
import { quoted } from './notes.ts'
import { isOn, listOf, type Settings, textOf } from './settings.ts'
import { type Branch, type Tree, variable } from './tree.ts'

/** A path, and the upstream that answers it; none where another proxy only asks. */
export type Mount = Readonly<{ path: string; upstream?: string }>

/** The services behind, and which path goes to which. */
export type Upstreams = Readonly<{ upstreams?: Branch; mounts: readonly Mount[] }>

type Target = Readonly<{ url: Tree; path: string }>

/** Tells whether there are no services behind: another proxy asks, and forwards by itself. */
export function isOnlyAsked(settings: Settings): boolean {
  return listOf(settings, 'upstream').every((text) => /^(?:static:|file:\/\/\/dev\/null(?:\/|$))/i.test(text))
}

/** The `upstreams` section, and the paths of its services. */
export function translateUpstreams(input: Input): Upstreams {
  if (isOnlyAsked(input.settings)) return { mounts: [{ path: '/**' }] }
  const found = listOf(input.settings, 'upstream').flatMap((text) => targetOf(input, text) ?? [])
  const targets = distinctByPath(input, found.length > 0 ? found : [undecided(input)])
  const named = targets.map((target, index) => ({
    ...target,
    name: nameOf(target.path, index, targets.length),
  }))
  return {
    upstreams: Object.fromEntries(named.map(({ name, url }) => [name, { url, ...treatment(input) }])),
    mounts: named.map(({ name, path }) => ({ path, upstream: name })),
  }
}

/** The path of the URL says which requests it is for; they go there with the path they came with. */
function targetOf({ notes }: Input, text: string): Target | undefined {
  const [, server, path = ''] = /^(https?:\/\/[^/?#]+)(\/[^?#]*)?$/i.exec(text) ?? []
  const socket = text.replace(/^unix:\/{2,}/i, 'unix:/')
  if (upstreamUrl.safeParse(socket).success && socket.startsWith('unix:')) return { url: socket, path: '/**' }
  const isBelow = path === '' || path.endsWith('/')
  const plain = path.replace(/\/$/, '')
  if (server !== undefined && upstreamUrl.safeParse(server).success && (plain === '' || isPlainPath(plain)))
    return { url: server, path: isBelow ? `${plain}/**` : plain }
  // It may have a password.
  const scheme = /^[a-z]+(?=:)/i.exec(text)?.[0] ?? 'the value'
  notes.add(
    'lacking',
    'upstreams',
    `${quoted(scheme)} ${scheme === 'file' ? 'is not served: there are no static files' : 'with this address cannot be used'}; its paths are answered with 404`,
  )
  return undefined
}

function undecided({ notes }: Input): Target {
  notes.add(
    'decide',
    'POSTERN_UPSTREAM_URL',
    'the service behind Postern, like http://127.0.0.1:8080; the configuration has none that can be used',
  )
  return { url: variable('POSTERN_UPSTREAM_URL'), path: '/**' }
}

function distinctByPath({ notes }: Input, targets: readonly Target[]): readonly Target[] {
  const keys = targets.map(({ path }) => path.toLowerCase())
  for (const [index, { path }] of targets.entries())
    if (keys.indexOf(keys[index] as string) < index)
      notes.add('lacking', 'upstreams', `${path} has more than one service; the last one is kept`)
  return [...new Map(targets.map((target) => [target.path.toLowerCase(), target])).values()]
}

/** `app` for a single one, else after its path. */
function nameOf(path: string, index: number, count: number): string {
  const words = path
    .replace(/\/\*\*$/, '')
    .split(/[^\w]+/)
    .filter((word) => word !== '')
  if (count === 1 || words.length === 0) return 'app'
  return `${words.join('-').toLowerCase()}-${index + 1}`
}

/** The same for all: oauth2-proxy has one setting for every upstream. */
function treatment(input: Input): Branch {
  const { settings } = input
  const timeout = goDuration(textOf(settings, 'upstream-timeout') ?? '')
  const headers = timeout === undefined || timeout > 24 * 86_400_000 ? undefined : posternDuration(timeout)
  return {
    token: tokenOf(input),
    host: isOn(settings, 'pass-host-header') ? undefined : 'rewrite',
    // oauth2-proxy never ignores case: what is public must not become public in another case.
    case_sensitive: hasPublicPaths(settings) || undefined,
    timeouts: headers === undefined ? undefined : { headers },
    identity_headers: passesUser(settings) ? identityHeaders(settings, 'X-Forwarded-') : false,
  }
}

function hasPublicPaths(settings: Settings): boolean {
  return [...listOf(settings, 'skip-auth-route'), ...listOf(settings, 'skip-auth-regex')].length > 0
}

function passesUser(settings: Settings): boolean {
  return isOn(settings, 'pass-user-headers') || isOn(settings, 'pass-basic-auth')
}

/** The access token is what Postern sends unless it is told otherwise; oauth2-proxy sent none. */
function tokenOf({ settings, notes }: Input): string | undefined {
  const passesAccess = isOn(settings, 'pass-access-token')
  if (isOn(settings, 'pass-authorization-header')) {
    if (passesAccess)
      notes.add(
        'lacking',
        'pass_access_token',
        'the service gets one token: the ID token, as Authorization. Write token: access for the other',
      )
    return 'id'
  }
  if (passesAccess)
    notes.add(
      'changed',
      'pass_access_token',
      'the access token comes as Authorization: Bearer, not as X-Forwarded-Access-Token',
    )
  return passesAccess ? undefined : 'none'
}
