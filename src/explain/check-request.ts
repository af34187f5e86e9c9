import type { OriginalSource } from '../core/original-request.ts'
import type { AskedRequest, Header } from './request.ts'

type Scheme = 'http' | 'https'

/** The check by which a proxy asks about a request, with the client's own headers as far as they say nothing about that. */
export function checkOf(
  asked: AskedRequest,
  { source, path, scheme }: Readonly<{ source: OriginalSource; path: string; scheme: Scheme }>,
): AskedRequest {
  const told = tellers[source](asked, asked.scheme ?? scheme)
  const names = new Set(told.map(([name]) => name.toLowerCase()))
  const headers = [...asked.headers.filter(([name]) => !names.has(name.toLowerCase())), ...told]
  if (source === 'path') return { ...asked, target: path + asked.target, headers }
  const host = source === 'nginx' ? asked.host : ownHost
  return { ...asked, method: 'GET', host, target: path, headers }
}

/** The others reach this gateway under a name of its own. */
const ownHost = 'postern'

type Teller = (asked: AskedRequest, scheme: Scheme) => readonly Header[]

const tellers: Readonly<Record<OriginalSource, Teller>> = {
  nginx: ({ method, target }, scheme) => [
    ['X-Forwarded-Method', method],
    ['X-Forwarded-Proto', scheme],
    ['X-Forwarded-Uri', target],
  ],
  'ingress-nginx': ({ method, host, target }, scheme) => [
    ['X-Original-Method', method],
    ['X-Original-URL', `${scheme}://${host}${target}`],
  ],
  forwarded: ({ method, host, target }, scheme) => [
    ['X-Forwarded-Method', method],
    ['X-Forwarded-Proto', scheme],
    ['X-Forwarded-Host', host],
    ['X-Forwarded-Uri', target],
  ],
  path: (_asked, scheme) => [['X-Forwarded-Proto', scheme]],
}
