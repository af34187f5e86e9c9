import type { Gateway } from './gateway.ts'
import { requestBytes } from './scene.ts'

/** An answer of the auth endpoint, taken apart; names in lower case, values of one name in the order they came. */
export type CheckAnswer = Readonly<{
  status: number
  headers: Readonly<Record<string, readonly string[]>>
  body: string
}>

/** Sends a check as bytes, each header as it stands, and takes the answer apart. */
export async function check(
  gateway: Gateway,
  headers: readonly string[],
  line = 'GET /oauth2/auth',
): Promise<CheckAnswer> {
  return answerOf(await gateway.exchange(requestBytes(gateway, line, headers)))
}

/** Takes the bytes of an answer apart. */
export function answerOf(bytes: string): CheckAnswer {
  const [head = '', body = ''] = bytes.split(/\r\n\r\n([\s\S]*)/)
  const [first = '', ...lines] = head.split('\r\n')
  const headers: Record<string, string[]> = {}
  for (const header of lines) {
    const [, name = '', value = ''] = /^([^:]+):\s*(.*)$/.exec(header) ?? []
    headers[name.toLowerCase()] = [...(headers[name.toLowerCase()] ?? []), value]
  }
  return { status: Number(first.split(' ')[1]), headers, body }
}

/** What a proxy of the `X-Forwarded-*` family sends about a request to this gateway's own host. */
export function forwarded(gateway: Gateway, target: string, method = 'GET'): string[] {
  return [
    `X-Forwarded-Method: ${method}`,
    'X-Forwarded-Proto: http',
    `X-Forwarded-Host: ${new URL(gateway.origin).host}`,
    `X-Forwarded-Uri: ${target}`,
  ]
}
