import fc from 'fast-check'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { createBearer } from '../../../src/bearer/bearer.ts'
import { presentedToken } from '../../../src/core/authorization-header.ts'
import { createClock, start } from '../../session/samples.ts'
import { type FuzzTarget, latin1, must, mutated, type Opened, property, syncProperty } from '../target.ts'

const issuer = 'https://issuer.example.com'
const good = { iss: issuer, sub: 'alice', aud: 'api', iat: start, exp: start + 300 }

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** Tokens with another last character in one part: some decode to the same bytes. */
function respelled(known: readonly string[]): fc.Arbitrary<string> {
  return fc
    .tuple(fc.constantFrom(...known), fc.nat(2), fc.constantFrom(...alphabet))
    .map(([token, index, last]) =>
      token
        .split('.')
        .map((part, at) => (at === index ? part.slice(0, -1) + last : part))
        .join('.'),
    )
}

/** Tokens that must pass, and well-signed ones that must not. */
async function signTokens() {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  const sign = (claims: object, header: object = {}) =>
    new SignJWT({ ...good, ...claims })
      .setProtectedHeader({ alg: 'ES256', kid: 'good', typ: 'at+jwt', ...header })
      .sign(privateKey)
  const valid = await Promise.all([sign({}), sign({ sub: 'bob', scope: 'a b' }), sign({ jti: 'x' })])
  const invalid = await Promise.all([
    ...[{ exp: start - 60 }, { aud: 'other' }, { iss: `${issuer}/` }, { exp: undefined }].map((claims) =>
      sign(claims),
    ),
    ...[{ typ: 'dpop+jwt' }, { typ: 'id_token+jwt' }, { kid: 'other' }].map((header) => sign({}, header)),
  ])
  const jwk = { ...(await exportJWK(publicKey)), alg: 'ES256', use: 'sig', kid: 'good' }
  return { valid, invalid, jwk }
}

const pieces = ['.', '..', '=', '-', '_', '+', '/', 'e30', 'eyJhbGciOiJub25lIn0', 'A', ' ', '\0', '\xe9']

function tokensFrom(known: readonly string[]): fc.Arbitrary<string> {
  const parts = known.flatMap((token) => token.split('.'))
  const json = fc.oneof(
    fc.constantFrom(
      '{}',
      '[]',
      'null',
      '""',
      '{"alg":"none"}',
      `{"alg":"HS256","kid":"good"}`,
      JSON.stringify(good),
    ),
    fc.json(),
    mutated(fc.constantFrom(JSON.stringify(good), '{"alg":"ES256","kid":"good","typ":"at+jwt"}'), [
      '"',
      '{',
      '1e400',
      '\\u0000',
    ]),
  )
  const part = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...parts) },
    json.map((text) => Buffer.from(text).toString('base64url')),
    mutated(fc.constantFrom(...parts), pieces),
  )
  const joined = fc.array(part, { minLength: 1, maxLength: 5 }).map((list) => list.join('.'))
  return fc.oneof(
    respelled(known),
    mutated(fc.constantFrom(...known), pieces),
    joined,
    mutated(joined, pieces),
    latin1,
  )
}

/** Whatever token: an outcome, and verified only what was signed for us, byte for byte. */
export const bearerTokens: FuzzTarget = {
  name: 'bearer tokens',
  shortRuns: 4000,
  async open(): Promise<Opened> {
    const { valid, invalid, jwk } = await signTokens()
    const bearer = createBearer({
      config: {
        issuers: [
          { issuer, audience: ['api'], algorithms: ['ES256'], jwks_uri: `${issuer}/jwks`, type: 'any' },
        ],
        clock_tolerance: 0,
        timeout: 1000,
        tls: {},
        dangerously_allow_http: false,
      },
      ownClientId: 'postern',
      clock: createClock(),
      log: { info() {}, warn() {}, error() {} },
      fetch: async () => Response.json({ keys: [jwk] }),
    })
    const check = async (token: string): Promise<boolean> => {
      const outcome = await bearer.identify(token)
      const isGood = valid.includes(token)
      must((outcome.kind === 'verified') === isGood, () => `${outcome.kind}: ${token}`)
      if (outcome.kind === 'verified') must(outcome.bearer.token === token, () => 'another token')
      return isGood
    }
    return { ...property(tokensFrom([...valid, ...invalid]), check), close: bearer.close }
  },
}

const headers = fc.oneof(
  mutated(fc.constantFrom('Bearer abc.def-_~+/=', 'bearer x', 'Basic YTpi', 'DPoP x', 'Negotiate'), [
    ' ',
    ',',
    '=',
    '\t',
    'Bearer ',
    '\0',
  ]),
  latin1,
)

/** The reader of Authorization: a token of RFC 6750 characters that stands in the header, or none. */
export const authorizationHeader: FuzzTarget = {
  name: 'Authorization header',
  shortRuns: 20_000,
  open: () =>
    syncProperty(headers, (header) => {
      const found = presentedToken(header)
      if (found.kind !== 'token') return false
      must(/^[\w.~+/-]+=*$/.test(found.token), () => `not a token: ${found.token}`)
      must(/^bearer +$/i.test(header.slice(0, -found.token.length)), () => `not a bearer header: ${header}`)
      must(header.endsWith(found.token), () => `another token: ${found.token}`)
      return true
    }),
}
