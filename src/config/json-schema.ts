import { z } from 'zod'
import { noRuleProblems } from './config-relations.ts'
import { readTextFile } from './read-text-file.ts'
import { configSchema } from './schema.ts'

/** A JSON Schema, as far as ours go. */
export type JsonSchema = z.core.JSONSchema.BaseSchema

/** The JSON Schema (draft 7, which editors know) of the YAML as it is written, with the documentation of every key. */
export function configJsonSchema(): JsonSchema {
  const schema = configSchema({ read: readTextFile, checkRules: noRuleProblems, now: Date.now })
  return {
    ...z.toJSONSchema(schema, {
      io: 'input',
      target: 'draft-07',
      override: ({ jsonSchema }) => adapt(jsonSchema),
    }),
    title: 'Postern configuration',
  }
}

/** Writes examples the standard way, and lets a variable stand where one of several words is expected. */
function adapt(schema: JsonSchema): void {
  if ('x-example' in schema) {
    schema.examples = [schema['x-example']]
    delete schema['x-example']
  }
  if (schema.type === 'string' && schema.enum !== undefined) {
    schema.anyOf = [{ enum: schema.enum }, { pattern: '\\$\\{' }]
    delete schema.enum
  }
}
