import type { z } from 'zod'
import type { Path } from './problem.ts'

/** What the schema found wrong with the value, or with the key, at a path. */
export type SchemaFinding = Readonly<{ path: Path; message: string; at: 'key' | 'value' }>

/** Lists what one issue of the schema means to whoever wrote the file. */
export function schemaFindings(issue: z.core.$ZodIssue, above: Path = []): SchemaFinding[] {
  const path = [...above, ...(issue.path as Path)]
  if (issue.code === 'unrecognized_keys') {
    const messages = issue.message.split('\n')
    return issue.keys.map((key, index) => ({
      path: [...path, key],
      message: messages[index] as string,
      at: 'key',
    }))
  }
  if (issue.code === 'invalid_key')
    return [{ path, message: (issue.issues[0] as z.core.$ZodIssue).message, at: 'key' }]
  const branch = issue.code === 'invalid_union' ? issue.errors.find(fitsKind) : undefined
  return (
    branch?.flatMap((inner) => schemaFindings(inner, path)) ?? [{ path, message: issue.message, at: 'value' }]
  )
}

/** Of several forms that a value may have, the one it was meant to have is that of its own kind: a list, a map, a text. */
function fitsKind(issues: readonly z.core.$ZodIssue[]): boolean {
  return !issues.some(({ code, path }) => code === 'invalid_type' && path.length === 0)
}
