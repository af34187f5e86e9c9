import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import type { Test } from 'tap'
import { type Bearer, createBearer } from '../../src/bearer/bearer.ts'
import type { BearerConfig, IntrospectionConfig, IssuerConfig } from '../../src/bearer/bearer-config.ts'
import type { BearerOutcome } from '../../src/core/bearer-token.ts'

export const now = 1_800_000_000
export const audience = 'https://api.example.com'

type Answer = (response: ServerResponse, body: URLSearchParams) => void

/** A server whose answers a test writes, by path, and who knows what it was asked. */
export type TestServer = Readonly<{
  origin: string
  answers: Record<string, Answer | object>
  asked: string[]
  count: (path: string) => number
  stop: () => Promise<void>
}>

/** Starts it on loopback; what has no answer is 404. */
export async function startServer(t: Test): Promise<TestServer> {
  const answers: TestServer['answers'] = {}
  const asked: string[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const path = request.url as string
    asked.push(path)
    const answer = answers[path]
    if (typeof answer === 'function') (answer as Answer)(response, new URLSearchParams(body))
    else if (answer === undefined) response.writeHead(404).end()
    else response.setHeader('content-type', 'application/json').end(JSON.stringify(answer))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const stop = async () => {
    server.close()
    server.closeAllConnections()
  }
  t.teardown(stop)
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    answers,
    asked,
    count: (path) => asked.filter((each) => each === path).length,
    stop,
  }
}

/** A key pair with its public JWK. */
export async function makeKey(kid: string, alg = 'ES256') {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  return { kid, alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } }
}

/** A token that is good unless the changes make it something else; undefined takes a member out. */
export function signToken(
  { privateKey, kid, alg }: { privateKey: CryptoKey; kid: string; alg: string },
  issuer: string,
  claims: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
): Promise<string> {
  const good = { iss: issuer, aud: audience, sub: 'alice', scope: 'a b', iat: now, exp: now + 600 }
  return new SignJWT({ ...good, ...claims } as JWTPayload)
    .setProtectedHeader({ alg, kid, typ: 'at+jwt', ...header } as { alg: string })
    .sign(privateKey)
}

/** A judge with a clock that the test moves, and its log lines. */
export type Subject = Readonly<{ bearer: Bearer; clock: { now: number }; lines: unknown[] }>

/** Makes the judge from parts of a configuration. */
export function makeBearer(
  t: Test,
  parts: { issuers?: Partial<IssuerConfig>[]; introspection?: Partial<IntrospectionConfig> } & Partial<
    Omit<BearerConfig, 'issuers' | 'introspection'>
  >,
  ownClientId?: string,
): Subject {
  const clock = { now }
  const lines: unknown[] = []
  const { issuers = [], introspection, ...rest } = parts
  const note = (fields: unknown, message: string) => void lines.push([fields, message])
  const bearer = createBearer({
    config: {
      issuers: issuers.map((issuer) => ({
        issuer: '',
        audience: [audience],
        algorithms: ['ES256', 'RS256'],
        type: 'any',
        ...issuer,
      })),
      ...(introspection && {
        introspection: {
          client_id: 'gateway',
          client_secret: 'secret',
          client_auth: 'client_secret_basic',
          audience: [audience],
          cache: 20_000,
          ...introspection,
        },
      }),
      clock_tolerance: 30_000,
      timeout: 5_000,
      tls: {},
      dangerously_allow_http: false,
      ...rest,
    },
    ownClientId,
    clock: () => clock.now,
    log: { info: note, warn: note, error: note },
  })
  t.teardown(bearer.close)
  return { bearer, clock, lines }
}

/** What became of a token, in one word: `verified`, the fault, or `unavailable`. */
export async function verdict({ bearer }: Subject, token: string): Promise<string> {
  const outcome: BearerOutcome = await bearer.identify(token)
  return outcome.kind === 'refused' ? outcome.fault : outcome.kind
}
