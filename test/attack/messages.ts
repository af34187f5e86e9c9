import { corpus } from '../support/corpus.ts'
import { type Message, messagesIn, statusOf, valuesOf } from './strict-wire.ts'

/** Whom the messages are for. */
const host = 'app.example.com'

/** What the rows were written for; the gateway speaks for the host behind a proxy that ends TLS. */
export const messageScene = {
  provider: 'issuer: "http://127.0.0.1:9", client_id: x, client_secret: xxxxxxxxxxxxxxxx',
  publicUrls: () => [`https://${host}`],
  routes: [
    'path: /public/**, access: public',
    'path: /api/**, scopes: [api.read]',
    'path: /admin/**, scopes: [admin]',
  ],
  level: 'fatal',
}

/** Bytes, and the statuses that may be answered, in order; `closed` is no answer. */
export type MessageRow = Readonly<{ bytes: string; id: string; what: string; answers: readonly string[] }>

/** The rows of `test/data/smuggling.tsv`. */
export function messageRows(): MessageRow[] {
  return corpus('smuggling.tsv').map(([bytes = '', id = '', what = '', answers = '']) => ({
    bytes,
    id,
    what,
    answers: answers.split('|'),
  }))
}

export function nameOf({ id, what }: MessageRow): string {
  return `${id} ${what}`
}

/** A plain request, the way a client in step with the gateway goes on. */
export function next(target: string, more = ''): string {
  return `GET ${target} HTTP/1.1\r\nHost: ${host}\r\n${more}\r\n`
}

/** The answers to a row and what follows it, interim ones left out. */
export function answersTo({ bytes }: MessageRow, received: string): Message[] {
  const { messages } = messagesIn(received, bytes.startsWith('HEAD '))
  return messages.filter((message) => statusOf(message) >= 200)
}

/** What is for one hop only, was smuggled, or is another header in disguise. */
const notForUpstreams =
  /^(?:expect|upgrade|http2-settings|keep-alive|te|trailer|proxy-connection|x-smug|transfer_encoding)$/

/** What is wrong with the headers of a request that the upstream received. */
export function headerComplaints(message: Message): string[] {
  const names = message.headers.map(([name]) => name).filter((name) => notForUpstreams.test(name))
  const hosts = valuesOf(message, 'host')
  const forged = [...valuesOf(message, 'authorization'), ...valuesOf(message, 'x-forwarded-user')]
  return [
    ...names.map((name) => `${name} was forwarded`),
    ...(hosts.length === 1 && hosts[0] === host ? [] : [`Host ${hosts}`]),
    ...forged.map((value) => `${value} was forwarded`),
  ]
}
