import type { Config } from '../config/schema.ts'
import { type SnippetPlaces, snippetFacts } from '../snippets/facts.ts'
import { snippets } from '../snippets/snippets.ts'

/** Prints what to write in the configuration of another proxy, and first what this configuration lacks for it. */
export function runPrint(
  kind: keyof typeof snippets,
  config: Config,
  { write, ...places }: SnippetPlaces & { write: (text: string) => void },
): void {
  const { preset, snippet, comment = '#' } = snippets[kind] as (typeof snippets)[string]
  write(lacking(config, preset, comment) + snippet(snippetFacts(config, preset, places)))
}

function lacking({ forward_auth, server }: Config, preset: string, comment: string): string {
  const lacks = [
    ...(forward_auth?.preset === preset ? [] : [`forward_auth: { preset: ${preset} }`]),
    ...(server.trusted_proxies.length > 0
      ? []
      : ['server: { trusted_proxies: [the address of this proxy] }']),
  ]
  return lacks.map((line) => `${comment} Postern's own configuration must say: ${line}\n`).join('')
}
