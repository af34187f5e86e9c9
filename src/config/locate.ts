import { pathKey } from './path-set.ts'
import { type Path, type Problem, renderPath } from './problem.ts'
import type { SchemaFinding } from './schema-findings.ts'
import type { Place } from './yaml-value.ts'

/** Makes the functions that turn what is wrong into problems with a line and a column of `text`. */
export function createLocator(file: string, text: string) {
  const lineStarts = [0, ...Array.from(text.matchAll(/\n/g), ({ index }) => index + 1)]

  function offset(at: number, path: Path, message: string): Problem {
    const line = lineAt(lineStarts, at)
    const column = at - (lineStarts[line] as number) + 1
    return { file, line: line + 1, column, path: renderPath(path), message }
  }

  function finding(places: ReadonlyMap<string, Place>, { path, message, at }: SchemaFinding): Problem {
    const exact = places.get(pathKey(path))
    if (exact) return offset(exact[at], path, exact.content === null ? said(message, 'is empty') : message)
    const { depth, place } = enclosing(places, path)
    const isOneForMany = typeof place.content === 'string'
    return isOneForMany
      ? offset(place.value, path.slice(0, depth), message)
      : offset(place.value, path, said(message, 'is required'))
  }

  return { offset, finding }
}

/** The index of the last line that starts at or before an offset; searched by halves, since every line may be wrong. */
function lineAt(lineStarts: readonly number[], at: number): number {
  let [low, high] = [0, lineStarts.length]
  while (high - low > 1) {
    const middle = (low + high) >>> 1
    if ((lineStarts[middle] as number) <= at) low = middle
    else high = middle
  }
  return low
}

/** The nearest place that was written: the map that lacks a key, or the one text that stands for a whole list. */
function enclosing(places: ReadonlyMap<string, Place>, path: Path): { depth: number; place: Place } {
  const depth = path.findIndex((_, index) => !places.has(pathKey(path.slice(0, index + 1))))
  return { depth, place: places.get(pathKey(path.slice(0, depth))) as Place }
}

function said(message: string, fact: string): string {
  return message.startsWith('must') ? `${fact}; it ${message}` : message
}
