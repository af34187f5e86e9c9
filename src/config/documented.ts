import type { z } from 'zod'

/** What the reference and the editors' schema say about a key. */
export type Documentation = Readonly<{
  /** How to write the value, in a few words: "duration", "list of scopes". */
  type: string
  /** One or two sentences. */
  meaning: string
  example: unknown
  unit?: string
}>

/** Attaches the documentation of a key to its schema. */
export function documented<T extends z.ZodType>(schema: T, documentation: Documentation): T {
  const { type, meaning, example, unit } = documentation
  return schema.meta({
    title: type,
    description: meaning,
    'x-example': example,
    ...(unit && { 'x-unit': unit }),
  })
}
