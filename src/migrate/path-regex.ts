import { patternProblem } from '../core/rule-pattern.ts'

/** What an expression becomes. */
export type PathPatterns = Readonly<{
  paths: readonly string[]
  /** Some paths that the expression matches are in none of the patterns. */
  isNarrower: boolean
  /** Paths that the patterns match and the expression does not: those with a slash at the end, or without one. */
  alsoCovered: readonly string[]
}>

type End = 'below' | 'strictly-below' | 'prefix' | 'exact' | 'slash'
type One = Readonly<{ path: string; isNarrower: boolean; alsoCovered?: string }>

const everything = /^(?:\^?\/?\.\*\$?|\^?\/|\^)$/
/** How an expression may end, and what that means for the pattern; the first that fits counts. */
const ends: readonly Readonly<{ end: RegExp; means: End }>[] = [
  { end: /\((?:\?:)?(?:\/\.\*\)\?\$|\/\|\$\)|\$\|\/\))$/, means: 'below' },
  { end: /\/(?:\.[*+]\$?)?$/, means: 'strictly-below' },
  { end: /(?:\/\?)?\.\*\$?$/, means: 'prefix' },
  { end: /\/\?\$$/, means: 'exact' },
  { end: /\/\$$/, means: 'slash' },
  { end: /\$$/, means: 'exact' },
  { end: /(?:\/\?)?$/, means: 'prefix' },
]
const suffixes: Readonly<Record<End, string>> = {
  below: '/**',
  'strictly-below': '/*/**',
  prefix: '/**',
  exact: '',
  slash: '',
}
const mostAlternatives = 32

/**
 * Translates an anchored expression without surprises to path patterns that match nothing more, but for the slash at
 * the end that is told; undefined for every other expression.
 */
export function pathsOfRegex(regex: string): PathPatterns | undefined {
  if (everything.test(regex)) return { paths: ['/**'], isNarrower: false, alsoCovered: [] }
  const alternatives = expanded(regex.replaceAll('\\/', '/'))
  const found = alternatives?.map(translated)
  if (!found?.every((one) => one !== undefined)) return undefined
  return {
    paths: [...new Set(found.map(({ path }) => path))],
    isNarrower: found.some(({ isNarrower }) => isNarrower),
    alsoCovered: found.flatMap(({ alsoCovered }) => alsoCovered ?? []),
  }
}

/** The expression without `^/a|^/b` and groups of plain words like `(a|b)`, once for each. */
function expanded(regex: string): string[] | undefined {
  let all = regex.split(/\|(?=\^)/)
  for (let depth = 0; depth < 4; depth++) all = all.flatMap(firstGroupExpanded).slice(0, mostAlternatives + 1)
  return all.length > mostAlternatives ? undefined : all
}

function firstGroupExpanded(regex: string): string[] {
  const [group, words] = /\((?:\?:)?([\w.\\/-]+(?:\|[\w.\\/-]+)*)\)(?![?*+{])/.exec(regex) ?? []
  if (group === undefined) return [regex]
  return (words as string).split('|').map((word) => regex.replace(group, () => word))
}

function translated(regex: string): One | undefined {
  if (!regex.startsWith('^/')) return undefined
  const body = regex.slice(1)
  const { end, means } = ends.find(({ end }) => end.test(body)) as (typeof ends)[number]
  const segments = body
    .replace(end, '')
    .split(/(?<!\[\^)\//)
    .slice(1)
    .map(segmentOf)
  if (!segments.every((segment) => segment !== undefined)) return undefined
  const base = segments.map(({ text }) => `/${text}`).join('')
  const path = base + suffixes[means] || '/'
  if (patternProblem(path) !== undefined) return undefined
  const isNarrower =
    means === 'prefix' || means === 'strictly-below' || segments.some((segment) => segment.isNarrower)
  return { path, isNarrower, ...coveredToo(base, body, means) }
}

/** Postern takes `/x` and `/x/` for the same path. */
function coveredToo(base: string, body: string, means: End): { alsoCovered?: string } {
  if (base === '' || body.endsWith('/?$')) return {}
  if (means === 'exact') return { alsoCovered: `${base}/` }
  return means === 'slash' ? { alsoCovered: base } : {}
}

type Segment = Readonly<{ text: string; isNarrower: boolean }>

/** One segment of the pattern. A dot stands for itself only; a star that is escaped would stand for more. */
function segmentOf(source: string): Segment | undefined {
  if (source === '[^/]+') return { text: '*', isNarrower: false }
  if (source === '[^/]*' || source === '.*' || source === '.+') return { text: '*', isNarrower: true }
  if (!/^(?:[\w~!&',:@=-]|\.|\\[^\w\s*])+$/.test(source)) return undefined
  return { text: source.replace(/\\(.)/g, '$1'), isNarrower: source.replace(/\\./g, '').includes('.') }
}
