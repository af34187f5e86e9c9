import type { SnippetFacts } from './facts.ts'

/** How browsers reach what is guarded. */
export type PublicHosts = Readonly<{
  /** Without ports, each once. */
  names: readonly string[]
  /** As they stand in the Host header. */
  authorities: readonly string[]
  scheme: 'http' | 'https'
}>

/** Takes the hosts out of the public URLs. */
export function publicHosts({ publicUrls }: SnippetFacts): PublicHosts {
  const urls = publicUrls.map((url) => new URL(url))
  return {
    names: [...new Set(urls.map(({ hostname }) => hostname))],
    authorities: urls.map(({ host }) => host),
    scheme: urls.every(({ protocol }) => protocol === 'https:') ? 'https' : 'http',
  }
}
