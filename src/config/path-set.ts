import type { Path } from './problem.ts'

/** A set of paths, asked in time that grows with the depth of a path and not with the number of paths. */
export type PathSet = Readonly<{
  /** Tells whether one of the paths is this one or lies above it. */
  covers: (path: Path) => boolean
  /** Tells whether one of the paths is this one, or lies above or below it. */
  touches: (path: Path) => boolean
}>

/** Makes a set of paths. */
export function createPathSet(paths: readonly Path[]): PathSet {
  const exact = new Set(paths.map(pathKey))
  const leading = new Set(paths.flatMap(ancestors).map(pathKey))
  const covers = (path: Path) => exact.size > 0 && ancestors(path).some((above) => exact.has(pathKey(above)))
  return { covers, touches: (path) => covers(path) || leading.has(pathKey(path)) }
}

/** A path as text, different for different paths. */
export function pathKey(path: Path): string {
  return JSON.stringify(path)
}

/** Every path from the root down to this one. */
function ancestors(path: Path): Path[] {
  return Array.from({ length: path.length + 1 }, (_, depth) => path.slice(0, depth))
}
