import { z } from 'zod'
import { recordSchema } from './schema.ts'

/** The JSON Schema (2020-12) of one line of the audit stream; it leaves room for fields that come later. */
export function auditJsonSchema(): object {
  const schema = z.toJSONSchema(recordSchema, {
    override: ({ jsonSchema }) => {
      delete jsonSchema.additionalProperties
    },
  })
  return { ...schema, title: 'Postern audit record' }
}
