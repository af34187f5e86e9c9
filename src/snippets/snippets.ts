import type { Preset } from '../config/schema-forward-auth.ts'
import { caddySnippet } from './caddy.ts'
import type { Snippet } from './facts.ts'
import { haproxyLua, haproxySnippet } from './haproxy.ts'
import { nginxSnippet } from './nginx.ts'

/** What can be printed: for which preset it is, the text, and what comments begin with there. */
type Kind = Readonly<{ preset: Preset; snippet: Snippet; comment?: '--' }>

/** Every proxy that a snippet can be printed for, by the name on the command line. */
export const snippets: Readonly<Record<string, Kind>> = {
  nginx: { preset: 'nginx', snippet: nginxSnippet },
  caddy: { preset: 'caddy', snippet: caddySnippet },
  haproxy: { preset: 'haproxy', snippet: haproxySnippet },
  'haproxy-lua': { preset: 'haproxy', snippet: haproxyLua, comment: '--' },
}
