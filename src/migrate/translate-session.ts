import { goDuration, posternDuration } from './go-duration.ts'
import type { Input } from './input.ts'
import { quoted } from './notes.ts'
import { isUnusual, listOf, textOf } from './settings.ts'
import { publicUrl } from './translate-server.ts'
import { type Branch, unlessEmpty, variable } from './tree.ts'

const hour = 3_600_000

/** The `session` section. */
export function translateSession(input: Input): Branch {
  input.notes.add(
    'set',
    'POSTERN_SESSION_KEY',
    'what "postern keygen" prints; cookie_secret cannot be used, and everybody signs in once more',
  )
  return {
    keys: [variable('POSTERN_SESSION_KEY')],
    cookie: unlessEmpty({ name: cookieName(input), same_site: sameSite(input), domain: cookieDomain(input) }),
    ...lifetimes(input),
  }
}

/** Another name than before, so that both can run side by side. */
function cookieName({ settings }: Input): string | undefined {
  if (!isUnusual(settings, 'cookie-name')) return undefined
  const name = `${textOf(settings, 'cookie-name')?.replace(/^__(?:Host|Secure)-/i, '')}_postern`
  return /^[\w-]{1,64}$/.test(name) ? name : undefined
}

function sameSite({ settings, notes }: Input): string | undefined {
  const written = textOf(settings, 'cookie-samesite')?.toLowerCase()
  const isHttp = publicUrl(settings)?.startsWith('http:') === true
  if (written === 'none' && isHttp) {
    notes.add('lacking', 'cookie_samesite', 'none needs https; it is lax')
    return undefined
  }
  return written !== undefined && ['strict', 'none'].includes(written) ? written : undefined
}

/** The longest domain that the public URL is within, as oauth2-proxy chooses. */
function cookieDomain({ settings, notes }: Input): string | undefined {
  const written = listOf(settings, 'cookie-domain').map((text) => text.replace(/^\./, '').toLowerCase())
  const domains = written.filter((text) =>
    /^(?=.{1,253}$)(?:(?:[a-z0-9-]+\.)+[a-z][a-z0-9-]*|localhost)$/.test(text),
  )
  const url = publicUrl(settings)
  const host = url === undefined ? undefined : new URL(url).hostname
  const [domain] = domains
    .filter((text) => host === undefined || host === text || host.endsWith(`.${text}`))
    .sort((a, b) => b.length - a.length)
  const others = written.filter((text) => text !== domain)
  if (others.length > 0)
    notes.add(
      'lacking',
      'cookie_domains',
      `one domain, that of the public URL; left out: ${others.map(quoted).join(', ')}`,
    )
  return domain
}

function lifetimes({ settings, notes }: Input): Branch {
  const written = textOf(settings, 'cookie-expire')
  const length = written === undefined ? undefined : goDuration(written)
  const lifetime = length === undefined || length > 3650 * 24 * hour ? undefined : posternDuration(length)
  const isShort = length !== undefined && length < hour
  notes.add(
    'changed',
    'cookie_expire',
    lifetime === undefined
      ? 'a session lives for 12 hours (session.absolute_lifetime), and for one without a request (session.idle_timeout); it was 168 hours by default'
      : `a session ends for good then, refreshed or not${isShort ? '' : ', and also after an hour without a request (session.idle_timeout)'}`,
  )
  return lifetime === undefined
    ? {}
    : { absolute_lifetime: lifetime, idle_timeout: isShort ? 'none' : undefined }
}
