/** The segments of a checked pattern as written; a trailing slash adds none. */
export function patternSegments(path: string): readonly string[] {
  return path.split('/').filter((segment) => segment !== '')
}

/** What is wrong with a path pattern, in words that say what to write instead; undefined when it is good. */
export function patternProblem(path: string): string | undefined {
  if (!path.startsWith('/')) return 'must start with /'
  if (path.includes('//')) return 'must not have empty segments'
  const segments = patternSegments(path)
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1
    const problem = segmentProblem(segment, isLast)
    if (problem !== undefined) return problem
  }
  return segments.at(-1) === '**' && path.endsWith('/')
    ? '** must be the end: leave the last / away'
    : undefined
}

function segmentProblem(segment: string, isLast: boolean): string | undefined {
  if (segment === '*') return undefined
  if (segment === '**')
    return isLast ? undefined : '** may only be the last segment; * stands for one segment'
  if (segment.includes('*')) return '* stands for a whole segment: write /*/ or /**'
  if (segment.includes('%'))
    return 'must not have percent-escapes: write the character itself, or * for the segment'
  if (segment.includes('?') || segment.includes('#'))
    return 'must not have a query or fragment: only paths are matched'
  if (segment.includes(';'))
    return 'must not have ;parameters: a path with them is judged without them as well'
  if (segment.endsWith('.')) return 'must not have . or .. segments, or segments that end in a dot'
  if (segment.startsWith(':')) return 'has no named parameters: write * for one segment'
  if (!/^[\w\-.~!$&'()+,=:@]+$/.test(segment))
    return 'is not a plain path (no patterns but * and **, ASCII only)'
  return undefined
}
