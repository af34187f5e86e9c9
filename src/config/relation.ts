import type { z } from 'zod'
import { createPathSet } from './path-set.ts'
import type { Finding, Path } from './problem.ts'

/** What is wrong between several keys, at one of them; paths are relative to the map that holds them. */
export type Conflict = Finding

/** Tells whether everything at a path was read without a problem. */
export type IsSound = (path: Path) => boolean

/** A rule between several keys of one map. It is asked only when every key it reads is sound by itself. */
export type Relation<T> = Readonly<{
  reads: readonly Path[]
  find: (value: T, isSound: IsSound) => readonly Conflict[]
}>

/** Adds relations to a map, each reported even when other keys of the map are wrong. */
export function withRelations<T extends z.ZodType>(
  schema: T,
  relations: readonly Relation<z.output<T>>[],
): T {
  return schema.superRefine(
    (value, context) => {
      const isSound = soundness(context.issues)
      for (const { find } of relations.filter(({ reads }) => reads.every(isSound))) {
        for (const { path, message } of find(value, isSound)) {
          context.addIssue({ code: 'custom', path: [...path], message })
        }
      }
    },
    { when: ({ value }) => typeof value === 'object' && value !== null && !Array.isArray(value) },
  )
}

/** A path is unsound when there is an issue at it, below it, or above it; an unknown key harms only itself. */
function soundness(issues: readonly z.core.$ZodRawIssue[]): IsSound {
  const broken = issues.filter(({ code }) => code !== 'unrecognized_keys').map((issue) => issue.path as Path)
  const { touches } = createPathSet(broken)
  return (path) => !touches(path)
}

/** A conflict at one key, when a condition holds; a short form for most relations. */
export function conflictIf(condition: boolean, path: Path, message: string): readonly Conflict[] {
  return condition ? [{ path, message }] : []
}

/** A value and its `_file` twin cannot both be written. */
export function notBoth(key: string, twin: string): Relation<Record<string, unknown>> {
  return {
    reads: [],
    find: (value) =>
      conflictIf(
        value[key] !== undefined && value[twin] !== undefined,
        [twin],
        `stands beside "${key}"; keep only one of the two`,
      ),
  }
}
