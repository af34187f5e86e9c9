import type { Preset } from '../config/schema-forward-auth.ts'
import type { Snippet } from './facts.ts'
import { nginxSnippet } from './nginx.ts'

/** What can be printed: for which preset it is, and the text. */
type Kind = Readonly<{ preset: Preset; snippet: Snippet }>

/** Every proxy that a snippet can be printed for, by the name on the command line. */
export const snippets: Readonly<Record<string, Kind>> = {
  nginx: { preset: 'nginx', snippet: nginxSnippet },
}
