import type { Gateway } from '../support/gateway.ts'

/**
 * Sends bytes on a connection and gives every line of the one answer, its body last. Left out are Date and the length,
 * which must be that of the body; the id of the request is `…`.
 *
 * @throws {Error} when anything but one whole answer comes back
 */
export async function wholeAnswer(gateway: Gateway, bytes: string): Promise<string[]> {
  const client = gateway.client(bytes)
  const [head = ''] = (await client.sees('\r\n\r\n')).split('\r\n\r\n')
  const lines = head.split('\r\n')
  const length = lengthIn(lines)
  if (!bytes.startsWith('HEAD ')) await client.sees(new RegExp(`\\r\\n\\r\\n[^]{${length}}`))
  client.socket.end()
  await client.closed
  const body = client.bytes().slice(head.length + 4)
  if (body.length !== (bytes.startsWith('HEAD ') ? 0 : length)) throw new Error(`${length} is not ${body}`)
  const told = lines.filter((line) => !/^(?:date|content-length):/i.test(line))
  return [...told, body.replace(/"request_id":"[\w-]+"/, '"request_id":"…"')]
}

function lengthIn(lines: readonly string[]): number {
  const lengths = lines.filter((line) => /^content-length:/i.test(line))
  if (lengths.length > 1) throw new Error(`${lengths}`)
  return Number(lengths[0]?.slice('content-length:'.length) ?? 0)
}
