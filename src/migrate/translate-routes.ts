import { patternSegments } from '../core/rule-pattern.ts'
import { challengedPaths, type Exemption, exemptionsOf } from './exemptions.ts'
import type { Input } from './input.ts'
import { translateAccess } from './translate-access.ts'
import type { Mount } from './translate-upstreams.ts'
import type { Branch } from './tree.ts'

/** The `routes` section: every path of an upstream, of an exemption and of an API, with what holds there. */
export function translateRoutes(input: Input, mounts: readonly Mount[]): readonly Branch[] {
  const isAsked = mounts.every(({ upstream }) => upstream === undefined)
  const exemptions = exemptionsOf(input, { isAsked })
  const challenged = challengedPaths(input)
  const access = translateAccess(input)
  const paths = [...exemptions.map(({ path }) => path), ...challenged, ...mounts.map(({ path }) => path)]
  return distinct(input, paths).flatMap((path) => {
    const mount = mountOf(mounts, path)
    if (mount === undefined) return []
    const isChallenged = challenged.some((api) => covers(api, path))
    const target = { path, upstream: mount.upstream }
    const closed = { ...target, ...access, on_unauthenticated: isChallenged ? 'challenge' : undefined }
    return [...openRoutes(exemptions, target), ...(isPublic(exemptions, path) ? [] : [closed])]
  })
}

/** Two paths that differ by case only cannot both have routes. */
function distinct({ notes }: Input, paths: readonly string[]): readonly string[] {
  const byKey = new Map<string, string>()
  for (const path of paths) {
    const known = byKey.get(path.toLowerCase())
    if (known !== undefined && known !== path)
      notes.add('changed', 'upstreams', `${known} and ${path} differ by case only; the first is kept`)
    byKey.set(path.toLowerCase(), known ?? path)
  }
  return [...byKey.values()].sort((a, b) => depth(b) - depth(a))
}

function depth(path: string): number {
  return patternSegments(path).filter((segment) => segment !== '**').length
}

function isPublic(exemptions: readonly Exemption[], path: string): boolean {
  return exemptions.some(({ path: exempt, methods }) => methods === undefined && covers(exempt, path))
}

/** The public route of a path: for all methods, for some, or none. */
function openRoutes(exemptions: readonly Exemption[], target: Branch & { path: string }): readonly Branch[] {
  const { path } = target
  if (isPublic(exemptions, path)) return [{ ...target, access: 'public' }]
  const here = exemptions.flatMap(({ path: exempt, methods = [] }) => (covers(exempt, path) ? methods : []))
  const methods = [...new Set(here)]
  return methods.length === 0 ? [] : [{ ...target, methods, access: 'public' }]
}

/** The upstream of the longest path that covers this one. */
function mountOf(mounts: readonly Mount[], path: string): Mount | undefined {
  return mounts.filter((mount) => covers(mount.path, path)).sort((a, b) => b.path.length - a.path.length)[0]
}

/** Tells whether one pattern matches all that another one matches. */
function covers(pattern: string, other: string): boolean {
  const [own, others] = [patternSegments(pattern), patternSegments(other)]
  const fixed = own.at(-1) === '**' ? own.slice(0, -1) : own
  const isLong = fixed.length === own.length ? others.length === own.length : others.length >= fixed.length
  return (
    isLong &&
    fixed.every((segment, index) => others[index] !== '**' && (segment === '*' || segment === others[index]))
  )
}
