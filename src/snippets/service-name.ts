import { isIP } from 'node:net'
import type { SnippetFacts } from './facts.ts'

/** A Kubernetes Service. */
export type Service = Readonly<{ name: string; namespace: string; port: number; dns: string }>

const defaultNamespace = 'default'

/** The Service of Postern; an address that can be none, like the default, is told as `postern`. */
export function posternService({ address }: SnippetFacts): Service {
  return serviceOf(new URL(`http://${address}`), 'postern')
}

/** The Service behind the proxy; an address that can be none, like the default, is told as `app`. */
export function guardedService({ service }: SnippetFacts): Service {
  return serviceOf(new URL(service), 'app')
}

/** Reads `name`, `name.namespace` or `name.namespace.svc.…`. */
function serviceOf({ hostname, port }: URL, otherwise: string): Service {
  const isService = hostname !== 'localhost' && isIP(hostname.replace(/[[\]]/g, '')) === 0
  const [name = otherwise, namespace = defaultNamespace] = isService ? hostname.split('.') : [otherwise]
  return {
    name,
    namespace,
    port: Number(port) || 80,
    dns: `${name}.${namespace}.svc.cluster.local`,
  }
}
