import { z } from 'zod'
import { documented } from './documented.ts'
import { fileContent } from './file-content.ts'
import type { ReadTextFile } from './read-text-file.ts'
import { conflictIf, notBoth, withRelations } from './relation.ts'
import { tlsAuthorities } from './schema-tls.ts'
import { checked, isToken, line, parsed } from './text.ts'
import { isExposed, parseWebUrl } from './web-url.ts'

/** The path that a server of OTLP/HTTP takes traces at (OTLP specification, OTLP/HTTP request). */
const tracesPath = '/v1/traces'

const endpointMessage = 'must be a URL like http://collector:4318, without user, query or fragment'
const shareMessage = 'must be a number from 0 to 1'
const headersMessage = 'must be a map of header name to text'
const exposedMessage =
  'must begin with https:// unless the host is loopback: the headers beside it are sent along'

/** What the request itself says. */
const reserved = new Set(['host', 'connection', 'transfer-encoding', 'user-agent', 'te', 'upgrade', 'expect'])

const endpoint = parsed(endpointMessage, (text) => {
  const url = parseWebUrl(text)
  if (url === undefined || /[?#]/.test(text)) return undefined
  const address = url.href.replace(/\/$/, '')
  return address.endsWith(tracesPath) ? address : address + tracesPath
})

const name = checked(
  'must be a header name like Authorization or X-Api-Key',
  (text) => isToken(text) && !/^content-/i.test(text) && !reserved.has(text.toLowerCase()),
)

const headerLines = 'must name a file with one header a line, like Authorization: Basic dXNlcjpwYXNz'

function readHeaders(content: string): Record<string, string> | undefined {
  const pairs = content.split(/\r?\n/).map((text) => /^([^:]+):[\t ]*(\P{Cc}+)$/u.exec(text)?.slice(1))
  if (!pairs.every((pair) => pair !== undefined && name.safeParse(pair[0]).success)) return undefined
  return Object.fromEntries(pairs as [string, string][])
}

const keys = (read: ReadTextFile) =>
  z.strictObject({
    otlp_endpoint: documented(endpoint, {
      type: 'URL',
      meaning:
        'The collector that spans are sent to by OTLP/HTTP (JSON). `/v1/traces` is added unless it is there. Required.',
      example: 'http://otel-collector:4318',
    }),
    sample: documented(z.number(shareMessage).min(0, shareMessage).max(1, shareMessage).prefault(1), {
      type: 'number from 0 to 1',
      meaning:
        'The share of requests that are recorded, of those that come without a trace. A request that is part of one is recorded when its sender records it.',
      example: 0.05,
    }),
    service_name: documented(line('must be a name').prefault('postern'), {
      type: 'text',
      meaning: 'What this gateway is called in traces: `service.name`.',
      example: 'orders-gateway',
    }),
    headers: documented(
      z.record(name, line('must be the value of a header'), headersMessage).exactOptional(),
      {
        type: 'map of header name to text (secret)',
        meaning:
          'What is sent to the collector beside the spans, as it may ask for. Needs https, save on loopback.',
        example: { Authorization: `$\{POSTERN_OTLP_AUTHORIZATION}` },
      },
    ),
    headers_file: documented(fileContent(read).pipe(parsed(headerLines, readHeaders)).exactOptional(), {
      type: 'path of a file',
      meaning: 'A file that holds such headers, one `Name: value` a line, instead of `headers`.',
      example: '/run/secrets/otlp_headers',
    }),
    tls: tlsAuthorities(read, 'the collector'),
  })

/** The `tracing` section: where spans of requests are sent, and of how many. */
export function tracingSchema(read: ReadTextFile) {
  return withRelations(keys(read), [
    notBoth('headers', 'headers_file'),
    {
      reads: [['otlp_endpoint']],
      find: ({ otlp_endpoint: url, headers, headers_file: file }) =>
        conflictIf((headers ?? file) !== undefined && isExposed(url), ['otlp_endpoint'], exposedMessage),
    },
  ]).transform(({ headers, headers_file, ...rest }) => ({ ...rest, headers: headers ?? headers_file ?? {} }))
}
