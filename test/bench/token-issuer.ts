/** An issuer of signed access tokens that lives in the process of the bench: its keys, and how often they were fetched. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose'

export const benchAudience = 'https://api.example.com'
export const signatures = ['ES256', 'RS256'] as const
export type Signature = (typeof signatures)[number]

export type TokenIssuer = Readonly<{
  issuer: string
  jwksUri: string
  /** How often the keys were asked for. */
  fetches(): number
  /** So many different tokens. */
  sign(alg: Signature, count: number): Promise<string[]>
  /** Tokens that look right and name keys that nobody has. */
  withUnknownKeys(count: number): string[]
  close(): void
}>

const lifetime = 24 * 60 * 60

/** Starts the issuer on a free loopback port. */
export async function startTokenIssuer(): Promise<TokenIssuer> {
  const pairs = await Promise.all(signatures.map((alg) => generateKeyPair(alg, { extractable: true })))
  const keys = await Promise.all(
    pairs.map(async ({ publicKey }, index) => {
      const alg = signatures[index] as Signature
      return { ...(await exportJWK(publicKey)), alg, kid: alg, use: 'sig' }
    }),
  )
  const privateKeys = new Map(pairs.map(({ privateKey }, index) => [signatures[index], privateKey]))
  let fetched = 0
  const server = createServer((_request, response) => {
    fetched++
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  return {
    issuer,
    jwksUri: `${issuer}/jwks`,
    fetches: () => fetched,
    sign: (alg, count) =>
      Promise.all(Array.from({ length: count }, () => signOne(alg, privateKeys.get(alg) as CryptoKey))),
    withUnknownKeys: (count) => Array.from({ length: count }, unknownKey),
    close: () => server.close(),
  }

  function signOne(alg: Signature, key: CryptoKey): Promise<string> {
    return new SignJWT(claims())
      .setProtectedHeader({ alg, kid: alg, typ: 'at+jwt' })
      .setIssuedAt()
      .setExpirationTime(`${lifetime}s`)
      .sign(key)
  }

  /** What the tokens of the usual providers say. */
  function claims() {
    return {
      iss: issuer,
      aud: benchAudience,
      sub: 'ada',
      jti: randomBytes(16).toString('hex'),
      client_id: 'bench',
      scope: 'openid profile email orders:read orders:write',
      email: 'ada@example.com',
      name: 'Ada Lovelace',
      preferred_username: 'ada',
      groups: ['staff', 'math'],
    }
  }

  function unknownKey(): string {
    const header = { alg: 'ES256', kid: randomBytes(12).toString('hex'), typ: 'at+jwt' }
    const payload = { ...claims(), exp: Math.floor(Date.now() / 1000) + lifetime }
    const parts = [header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    return [...parts, randomBytes(64).toString('base64url')].join('.')
  }
}
