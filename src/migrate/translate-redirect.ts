import type { Input } from './input.ts'
import { quoted } from './notes.ts'
import { listOf } from './settings.ts'
import { type Branch, unlessEmpty } from './tree.ts'

/** The `redirect` section: the hosts that people may be sent to. */
export function translateRedirect({ settings, notes }: Input): Branch | undefined {
  const hosts = listOf(settings, 'whitelist-domain').flatMap((written) => {
    const found = hostsOf(written.toLowerCase())
    if (found.length === 0)
      notes.add(
        'lacking',
        'whitelist_domains',
        `${quoted(written)} is no host, or leaves the port open; name each host and port`,
      )
    return found
  })
  return unlessEmpty({ allowed_hosts: hosts.length === 0 ? undefined : [...new Set(hosts)] })
}

/** With a dot in front: that host, and all below it. */
function hostsOf(written: string): string[] {
  const [, dot, host] = /^(\*?\.)?([a-z0-9_-]+(?:\.[a-z0-9_-]+)*(?::[1-9]\d{0,4})?)$/.exec(written) ?? []
  if (host === undefined) return []
  return dot === undefined ? [host] : [host, `*.${host}`]
}
