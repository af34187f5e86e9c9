import type { z } from 'zod'
import { didYouMean } from './did-you-mean.ts'
import { shownName } from './shown-name.ts'

const kinds: Record<string, string> = { boolean: 'true or false', object: 'a map', record: 'a map' }

/** Says what to write instead, where the schema has no message of its own; one line for each unknown key. */
export function issueMessage(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === 'invalid_type') return `must be ${kinds[issue.expected]}`
  if (issue.code === 'invalid_value')
    return `must be ${issue.values
      .map(String)
      .join(', ')
      .replace(/, ([^,]+)$/, ' or $1')}`
  if (issue.code === 'unrecognized_keys') return unknownKeys(issue.keys, issue.inst as z.ZodObject)
  return undefined
}

function unknownKeys(keys: readonly string[], schema: z.ZodObject): string {
  const known = Object.keys(schema.shape)
  return keys
    .map(shownName)
    .map((name) => `unknown key ${JSON.stringify(name)}${didYouMean(name.replace('…', ''), known)}`)
    .join('\n')
}
