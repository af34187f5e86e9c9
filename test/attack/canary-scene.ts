import type { Test } from 'tap'
import { createMetrics } from '../../src/metrics/metrics.ts'
import { type Browser, type BrowserResponse, createBrowser } from '../support/browser.ts'
import { type Gateway, type GatewayOptions, startGateway } from '../support/gateway.ts'
import type { HostileRequest } from '../support/hostile-provider.ts'
import { type OtlpReceiver, startOtlpReceiver } from '../support/otlp-receiver.ts'
import { type Connection, type Recorder, startRecorder } from '../support/recorder.ts'
import { requestBytes } from '../support/scene.ts'
import { type MarkedProvider, startMarkedProvider } from './marked-provider.ts'
import { findLeaks, mark } from './marks.ts'

/** A gateway all of whose secrets are marked, and everything that anybody saw of it. */
export type CanaryScene = Readonly<{
  op: MarkedProvider
  gateway: Gateway
  upstream: Recorder
  collector: OtlpReceiver
  browser: Browser
  /** Sends one request as bytes. */
  ask: (line: string, headers?: readonly string[], body?: string) => Promise<string>
  /** Sends bytes as they are. */
  send: (bytes: string) => Promise<string>
  /** Another browser that is watched too. */
  another: () => Browser
  /** Raw answers of the gateway. */
  raw: string[]
  browsers: Browser[]
  /** The session keys. */
  keys: readonly string[]
}>

export type CanaryOptions = Partial<Omit<GatewayOptions, 'provider' | 'upstream'>> &
  Readonly<{
    answer?: string | ((connection: Connection, n: number) => void)
    prepare?: (op: MarkedProvider) => void
    upstreamKeys?: string
    /** Further keys that depend on where the provider is. */
    bearerOf?: (op: MarkedProvider) => string
  }>

/** Tells answers of the upstream from those of the gateway. */
const fromUpstream = 'x-from-upstream'

/** A decent answer of the upstream. */
const good = `HTTP/1.1 200 OK\r\n${fromUpstream}: 1\r\nContent-Length: 2\r\n\r\nhi`

/** 32 bytes, marked in each of the spellings that a key has. */
const sessionKey = Buffer.from(`${mark('Key')}-of-thirty-two-bytes-at-all`.slice(0, 32)).toString('base64')

/** Those of all journeys together. */
const metrics = createMetrics({ now: () => 0 })

/** Starts everything. */
export async function startCanaryScene(t: Test, options: CanaryOptions = {}): Promise<CanaryScene> {
  const { answer = good, prepare, upstreamKeys = '', bearerOf, ...rest } = options
  const op = await startMarkedProvider(t)
  prepare?.(op)
  const upstream = await startRecorder(answer)
  t.teardown(upstream.close)
  const collector = await startOtlpReceiver(t)
  const gateway = await startGateway(t, {
    routes: ['path: /**, access: authenticated'],
    keys: [sessionKey],
    // Among the lines of the log, so that they are looked through with them.
    audit: 'file: stdout, allowed: 1',
    metrics,
    tracing: `otlp_endpoint: "${collector.origin}", headers: { X-Key: ${mark('Otlp')} }`,
    ...(bearerOf && { bearer: bearerOf(op) }),
    ...rest,
    provider: { ...op, redirectUris: new Set() },
    upstream: `{ web: { url: "${upstream.origin}"${upstreamKeys} } }`,
  })
  const raw: string[] = []
  const browsers: Browser[] = []
  const another = (): Browser => {
    const browser = createBrowser()
    browsers.push(browser)
    return browser
  }
  const send = async (bytes: string): Promise<string> => {
    const text = await gateway.exchange(bytes)
    raw.push(text)
    return text
  }
  const ask: CanaryScene['ask'] = (line, headers, body) => send(requestBytes(gateway, line, headers, body))
  return {
    op,
    gateway,
    upstream,
    collector,
    browser: another(),
    ask,
    send,
    another,
    raw,
    browsers,
    keys: [sessionKey],
  }
}

/** Fails for each secret that was seen where it does not belong. */
export async function expectNoLeak(t: Test, scene: CanaryScene): Promise<void> {
  const secrets = secretsOf(scene)
  const logs = scene.gateway.logs().map((line) => JSON.stringify(line))
  t.ok(logs.length > 0, 'there is a log')
  for (const line of logs) t.strictSame(findLeaks(line, secrets), [], `logged: ${line}`)
  const counted = await metrics.exposition.text()
  t.match(counted, 'postern_requests_total{')
  t.strictSame(findLeaks(counted, secrets), [], 'metrics')
  for (const { body } of scene.collector.requests) {
    t.strictSame(findLeaks(body, secrets), [], `collector: ${body}`)
  }
  const answers = answersOf(scene)
  for (const answer of answers) expectDiscreet(t, scene, answer, secrets)
  for (const head of upstreamHeads(scene)) {
    t.strictSame(findLeaks(withoutForwarded(head, scene), secrets), [], `upstream: ${head}`)
  }
  for (const request of scene.op.requests) {
    t.strictSame(findLeaks(withoutExpected(request), secrets), [], `provider: ${JSON.stringify(request)}`)
  }
}

/** The secrets that cannot be marked because the gateway makes them. */
function secretsOf({ op, browsers, gateway }: CanaryScene): Set<string> {
  const values = op.requests.flatMap(({ parameters, headers }) => [
    ...['state', 'nonce', 'code_verifier', 'client_assertion'].map((name) => parameters[name]),
    headers['authorization'],
  ])
  const cookies = browsers
    .flatMap((browser) => ownHistory(browser, gateway))
    .flatMap(({ setCookies }) => setCookies.map((line) => /^[^=]*=([^;]*)/.exec(line)?.[1]))
  const texts = [...values, ...cookies, sessionKey, ...op.idTokens]
  return new Set(texts.filter((text): text is string => typeof text === 'string' && text.length > 8))
}

type Answer = Readonly<{ lines: readonly string[]; body: string }>

function answersOf({ raw, browsers, gateway }: CanaryScene): Answer[] {
  const seen = browsers.flatMap((browser) => ownHistory(browser, gateway)).map(fromBrowser)
  return [...seen, ...raw.filter((text) => text !== '').map(fromBytes)]
}

function ownHistory({ history }: Browser, { port }: Gateway): BrowserResponse[] {
  return history.filter(({ url }) => new URL(url).port === String(port))
}

function fromBrowser({ headers, body }: BrowserResponse): Answer {
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    [value ?? []].flat().map((one) => `${name}: ${one}`),
  )
  return { lines, body }
}

function fromBytes(text: string): Answer {
  const end = text.indexOf('\r\n\r\n')
  const [, ...lines] = text.slice(0, end).split('\r\n')
  return {
    lines: lines.map((line) => line.replace(/^[^:]*/, (name) => name.toLowerCase())),
    body: text.slice(end + 4),
  }
}

/** An answer holds no secret but those that its Set-Cookie and Location are for, and lets no address leak as Referer. */
function expectDiscreet(t: Test, scene: CanaryScene, { lines, body }: Answer, secrets: Set<string>): void {
  if (lines.some((line) => line.startsWith(fromUpstream))) return
  const isOwn = !lines.some((line) => /^upgrade: websocket/i.test(line))
  if (isOwn) t.match(lines.join('\n'), /^referrer-policy: (?:no-referrer|same-origin)$/m)
  const told = lines.filter((line) => !isOwnCookie(line)).map((line) => withoutIntended(line, scene))
  t.strictSame(findLeaks(told.join('\n'), secrets), [], `header: ${told.join('\n')}`)
  t.strictSame(findLeaks(withoutOwnWords(body), secrets), [], `body: ${body}`)
  for (const line of lines.filter(isOwnCookie)) t.strictSame(findLeaks(line), [], `cookie: ${line}`)
}

function isOwnCookie(line: string): boolean {
  return line.startsWith('set-cookie: postern')
}

/** A Location without what it is there to carry: to the provider state, nonce and hint, home the address that was asked for. */
function withoutIntended(line: string, { op, gateway }: CanaryScene): string {
  if (!line.startsWith('location: ')) return line
  const url = new URL(line.slice('location: '.length), gateway.origin)
  const intended: Readonly<Record<string, readonly string[]>> = {
    [`${op.issuer}/authorize`]: ['state', 'nonce', 'code_challenge'],
    [`${op.issuer}/end`]: ['id_token_hint', 'state'],
  }
  for (const name of intended[url.origin + url.pathname] ?? []) url.searchParams.delete(name)
  return url.origin === gateway.origin ? withoutQueries(url.href) : url.href
}

/** A body without what the person it is for asked with, or is called. */
function withoutOwnWords(body: string): string {
  return withoutQueries(body)
    .replaceAll(`<bdi>${mark('Mail')}@example.com</bdi>`, '')
    .replace(/^\{"sub":"alice","user":"alice","email":.*\}$/, '')
}

/** Without the address somebody wanted to go to, which is theirs. */
function withoutQueries(text: string): string {
  return text.replaceAll(mark('Query'), '')
}

function upstreamHeads({ upstream }: CanaryScene): string[] {
  return upstream.connections.flatMap((connection) => {
    return [...connection.bytes().matchAll(/^[A-Z]+ \S+ HTTP\/1\.1\r\n[\s\S]*?\r\n\r\n/gm)].map(
      ([head]) => head,
    )
  })
}

/** A head without what an upstream is meant to get. */
function withoutForwarded(head: string, { op }: CanaryScene): string {
  const expected = [
    ...op.accessTokens.map((token) => `authorization: Bearer ${token}`),
    ...op.idTokens.map((token) => `authorization: Bearer ${token}`),
    `x-forwarded-email: ${mark('Mail')}@example.com`,
    `x-forwarded-groups: ${mark('Group')}`,
    `x-forwarded-preferred-username: ${mark('Name')}`,
    // What a client says to the service itself is passed on.
    `cookie: theme=${mark('Theme')}`,
    `referer: http://elsewhere.test/?code=${mark('Referer')}`,
    `x-api-key: ${mark('ApiKey')}`,
  ].map((line) => line.toLowerCase())
  const [first = '', ...lines] = head.split('\r\n')
  return [withoutQueries(first), ...lines.filter((line) => !expected.includes(line.toLowerCase()))].join('\n')
}

/** A request to the provider without what it is for. */
function withoutExpected({ endpoint, method, url, headers, parameters }: HostileRequest): string {
  const expected: Readonly<Record<string, readonly string[]>> = {
    authorize: ['state', 'nonce', 'code_challenge'],
    token: ['code', 'code_verifier', 'refresh_token', 'authorization'],
    revoke: ['token', 'authorization'],
    userinfo: ['authorization', 'token'],
    end: ['id_token_hint', 'state'],
  }
  const names = expected[endpoint] ?? []
  const rest = Object.entries({ ...headers, ...parameters }).filter(([name]) => !names.includes(name))
  return JSON.stringify([method, url.replace(/\?.*/, ''), rest])
}
