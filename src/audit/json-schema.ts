import { z } from 'zod'
import { recordSchema } from './schema.ts'

/** The JSON Schema (2020-12) of one line of the audit stream. */
export function auditJsonSchema(): object {
  return { ...z.toJSONSchema(recordSchema), title: 'Postern audit record' }
}
