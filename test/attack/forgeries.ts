import {
  constants,
  createHash,
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign as signBytes,
} from 'node:crypto'
import { CompactEncrypt, type JWK } from 'jose'

/** What a good token of the provider would be made of, and with. */
export type Base = Readonly<{
  header: Readonly<Record<string, unknown>>
  claims: Readonly<Record<string, unknown>>
  /** The published signature key, ES256. */
  key: KeyObject
  clientSecret: string
  accessToken: string
}>

/** One way to carry out the attack of a row. */
export type Forgery = Readonly<{
  name: string
  token: (base: Base) => string | Promise<string>
  /** What the key set holds instead of the published key. */
  keys?: (published: JWK) => readonly unknown[]
  /** The configured algorithms; ES256 and RS256 unless given. */
  algorithms?: readonly string[]
  /** `either`: refused, or the same person as in the token. */
  outcome?: 'refuse' | 'accept' | 'either'
  /** Status as a bearer token; 401 unless given. */
  status?: number
  /** Only for tokens of this kind. */
  only?: 'ID' | 'AT'
}>

type Members = Readonly<Record<string, unknown>>

const now = () => Math.floor(Date.now() / 1000)
const evil = 'https://evil.example'

/** base64url of a text, or of a value as JSON. */
function encode(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
}

/** A signing input of a header and a payload: text is taken as it is, anything else becomes JSON. */
function input(header: unknown, payload: unknown): string {
  return `${encode(header)}.${encode(payload)}`
}

/** A signing input with its signature by this key. */
function seal(
  text: string,
  key: KeyObject,
  hash = 'sha256',
  dsaEncoding: 'ieee-p1363' | 'der' = 'ieee-p1363',
) {
  return `${text}.${signBytes(hash, Buffer.from(text), { key, dsaEncoding }).toString('base64url')}`
}

/** A token that is well signed by the published key, with these members changed; undefined removes one. */
export function signed(
  { header, claims, key }: Base,
  changes: { header?: Members; claims?: Members },
): string {
  return seal(input({ ...header, ...changes.header }, { ...claims, ...changes.claims }), key)
}

type Maker = Forgery['token']

const claims =
  (change: Members | ((base: Base) => Members)): Maker =>
  (base) =>
    signed(base, { claims: typeof change === 'function' ? change(base) : change })

const header =
  (change: Members): Maker =>
  (base) =>
    signed(base, { header: change })

/** A header and a payload as text, well signed. */
const text =
  (write: (base: Base) => [header: unknown, payload: unknown]): Maker =>
  (base) =>
    seal(input(...write(base)), base.key)

const unsigned =
  (alg: unknown, signature = ''): Maker =>
  ({ header, claims }) =>
    `${input({ ...header, alg }, claims)}.${signature}`

const spoiled =
  (spoil: (token: string) => string): Maker =>
  (base) =>
    spoil(signed(base, {}))

const hmac =
  (alg: string, hash: string, keyOf: (base: Base) => string | Buffer): Maker =>
  (base) => {
    const signing = input({ ...base.header, alg }, base.claims)
    return `${signing}.${createHmac(hash, keyOf(base)).update(signing).digest('base64url')}`
  }

const pem = ({ key }: Base) => createPublicKey(key).export({ type: 'spki', format: 'pem' })

const attacker = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' })
const koblitz = generateKeyPairSync('ec', { namedCurve: 'secp256k1' })
const x25519 = generateKeyPairSync('x25519')
const ed25519 = generateKeyPairSync('ed25519')
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const small = [512, 1024].map((modulusLength) => generateKeyPairSync('rsa', { modulusLength }))

/** A key pair whose private key the gateway has, as a client that signs assertions. */
export const clientKeyPem = rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string

/** The public part of it. */
export const clientKey = rsa.publicKey.export({ format: 'jwk' })

const jwkOf = (key: KeyObject, more: Members = {}) => ({
  ...key.export({ format: 'jwk' }),
  kid: 'good',
  ...more,
})

/** Signed by the attacker, whose key the header names in one of the ways there are. */
const keyInHeader =
  (named: Members): Maker =>
  ({ header, claims }) =>
    seal(input({ ...header, ...named }, claims), attacker.privateKey)

const flipped = (index: number): Maker =>
  spoiled((token) => {
    const parts = token.split('.').map((part) => Buffer.from(part, 'base64url'))
    const part = parts[index] as Buffer
    const place = Math.floor(part.length / 2)
    part[place] = (part[place] as number) ^ 1
    return parts.map((piece) => piece.toString('base64url')).join('.')
  })

/** Another last character of the signature that decodes to the same bytes. */
const otherSpelling = spoiled((token) => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return token.slice(0, -1) + alphabet[alphabet.indexOf(token.at(-1) as string) + 1]
})

const deep = (levels: number): Maker =>
  text(({ header, claims }) => [
    header,
    JSON.stringify({ ...claims, deep: 0 }).replace(
      '"deep":0',
      `"deep":${'['.repeat(levels)}${']'.repeat(levels)}`,
    ),
  ])

const withKid = (kid: string): Forgery => ({
  name: `kid ${JSON.stringify(kid.slice(0, 30))}`,
  token: header({ kid }),
})

const encrypted = (
  recipient: KeyObject | Uint8Array,
  protection: Members,
  plaintext: (base: Base) => string,
): Maker => {
  return (base) =>
    new CompactEncrypt(Buffer.from(plaintext(base)))
      .setProtectedHeader({ ...base.header, cty: 'JWT', ...protection } as never)
      .encrypt(recipient)
}

const unsignedInner = (base: Base) => unsigned('none')(base) as string

const halfHash = (hash: string, text: string) => {
  const digest = createHash(hash).update(text).digest()
  return digest.subarray(0, digest.length / 2).toString('base64url')
}

/** A JWE header and four parts that nobody needs to decrypt to know better. */
const envelope =
  (members: Members): Maker =>
  () =>
    [encode({ cty: 'JWT', ...members }), 'AAAA', 'AAAAAAAAAAAAAAAA', 'AAAA', 'AAAAAAAAAAAAAAAAAAAAAA'].join(
      '.',
    )

const epk = (curve: string, x: Buffer, y?: Buffer) => ({
  kty: y === undefined ? 'OKP' : 'EC',
  crv: curve,
  x: x.toString('base64url'),
  ...(y && { y: y.toString('base64url') }),
})

/** The ways to carry out each row of `test/data/jwt-attacks.tsv` that is about the token itself. */
export const forgeries: Readonly<Record<string, readonly Forgery[]>> = {
  J001: [{ name: 'none', token: unsigned('none') }],
  J003: ['NONE', 'None', 'nOnE'].map((alg) => ({ name: alg, token: unsigned(alg) })),
  J005: ['none ', ' none', 'none\0'].map((alg) => ({ name: JSON.stringify(alg), token: unsigned(alg) })),
  J007: [
    { name: 'empty', token: unsigned('') },
    { name: 'missing', token: unsigned(undefined) },
  ],
  J009: ['ES256', 'RS256'].map((alg) => ({ name: alg, token: unsigned(alg) })),
  J011: ['.x', '.x.y', '.', '..'].map((end) => ({ name: end, token: spoiled((token) => token + end) })),
  J013: [['ES256'], null, 256, { toString: 'ES256' }, true].map((alg) => ({
    name: JSON.stringify(alg),
    token: text(({ header, claims }) => [{ ...header, alg }, claims]),
  })),
  J015: [
    { name: 'the client secret', token: hmac('HS256', 'sha256', ({ clientSecret }) => clientSecret) },
    { name: 'the public key as PEM', token: hmac('HS256', 'sha256', pem) },
    {
      name: 'a key of the key set',
      token: hmac('HS256', 'sha256', () => 'from the network'),
      keys: (good) => [good, { kty: 'oct', kid: 'good', alg: 'HS256', k: encode('from the network') }],
    },
    { name: 'an empty key', token: hmac('HS256', 'sha256', () => '') },
  ],
  J017: [
    { name: 'ES256 beside a configured RS256', token: header({}), algorithms: ['RS256'] },
    {
      name: 'ES384 beside a configured ES256',
      token: ({ header, claims }) =>
        seal(input({ ...header, alg: 'ES384' }, claims), p384.privateKey, 'sha384'),
      keys: () => [jwkOf(p384.publicKey)],
      algorithms: ['ES256'],
    },
  ],
  J019: [
    {
      name: 'ES256 with a P-384 key',
      token: ({ header, claims }) => seal(input(header, claims), p384.privateKey),
      keys: () => [jwkOf(p384.publicKey)],
    },
    {
      name: 'ES256K',
      token: ({ header, claims }) => seal(input({ ...header, alg: 'ES256K' }, claims), koblitz.privateKey),
      keys: () => [jwkOf(koblitz.publicKey)],
    },
    {
      name: 'ES256 with a secp256k1 key',
      token: ({ header, claims }) => seal(input(header, claims), koblitz.privateKey),
      keys: () => [jwkOf(koblitz.publicKey), jwkOf(koblitz.publicKey, { crv: 'P-256' })],
    },
    {
      name: 'EdDSA with an X25519 key',
      token: ({ header, claims }) => {
        const signing = input({ ...header, alg: 'EdDSA' }, claims)
        return `${signing}.${signBytes(null, Buffer.from(signing), ed25519.privateKey).toString('base64url')}`
      },
      keys: () => [jwkOf(x25519.publicKey)],
      algorithms: ['EdDSA'],
    },
  ],
  J021: [
    {
      name: 'DER',
      token: ({ header, claims, key }) => seal(input(header, claims), key, 'sha256', 'der'),
    },
  ],
  J023: small.map(({ privateKey, publicKey }, index) => ({
    name: `${512 * (index + 1)} bit`,
    token: ({ header, claims }) => seal(input({ ...header, alg: 'RS256' }, claims), privateKey),
    keys: () => [jwkOf(publicKey)],
  })),
  J025: [
    {
      name: 'RS1',
      token: ({ header, claims }) => seal(input({ ...header, alg: 'RS1' }, claims), rsa.privateKey, 'sha1'),
      keys: () => [jwkOf(rsa.publicKey)],
    },
    { name: 'HS1', token: hmac('HS1', 'sha1', ({ clientSecret }) => clientSecret) },
    { name: 'unknown', token: unsigned('XX256', 'AAAA') },
    { name: 'a name every object has', token: unsigned('constructor', 'AAAA') },
    {
      name: 'PS256 that is not configured',
      token: ({ header, claims }) => {
        const signing = input({ ...header, alg: 'PS256' }, claims)
        const padding = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }
        return `${signing}.${signBytes('sha256', Buffer.from(signing), { key: rsa.privateKey, ...padding }).toString('base64url')}`
      },
      keys: () => [jwkOf(rsa.publicKey)],
    },
  ],
  J027: [withKid('nobody')],
  J029: [
    {
      name: 'no kid, two keys of the algorithm',
      token: header({ kid: undefined }),
      keys: (good) => [good, jwkOf(attacker.publicKey, { kid: 'other' })],
      outcome: 'either',
    },
    {
      name: 'no kid, keys of other algorithms beside it',
      token: header({ kid: undefined }),
      keys: (good) => [jwkOf(rsa.publicKey, { kid: 'rsa' }), jwkOf(p384.publicKey, { kid: 'p384' }), good],
      outcome: 'accept',
    },
  ],
  J031: [withKid('../../../../dev/null')],
  J033: [withKid('| whoami')],
  J035: [withKid('http://evil.example/k')],
  J037: ['constructor', '__proto__', 'toString'].map(withKid),
  J039: [{ ...withKid('x'.repeat(70_000)), status: 431 }, withKid('x'.repeat(8_000))],
  J041: [withKid('a\nb'), withKid('a\r\nX-Evil: 1')],
  J043: [
    { name: 'signed by the attacker', token: keyInHeader({ jku: `${evil}/jwks`, kid: 'evil' }) },
    { name: 'with the kid of the provider', token: keyInHeader({ jku: `${evil}/jwks` }) },
    {
      name: 'the address of the provider, at evil',
      token: keyInHeader({ jku: 'https://127.0.0.1@evil.example/jwks' }),
    },
  ],
  J045: [
    { name: 'x5u', token: keyInHeader({ x5u: `${evil}/cert.pem` }) },
    { name: 'x5c', token: keyInHeader({ x5c: ['MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A'] }) },
  ],
  J047: [
    { name: 'jwk', token: keyInHeader({ jwk: attacker.publicKey.export({ format: 'jwk' }) }) },
    {
      name: 'jwk without kid',
      token: keyInHeader({ jwk: attacker.publicKey.export({ format: 'jwk' }), kid: undefined }),
    },
  ],
  J049: [
    { name: 'an unknown name', token: header({ crit: ['exp2'], exp2: 1 }) },
    { name: 'an empty list', token: header({ crit: [] }) },
    { name: 'no list', token: header({ crit: 'exp' }) },
    { name: 'a name that is not there', token: header({ crit: ['exp3'] }) },
  ],
  J051: [
    {
      name: 'none last',
      token: text(({ claims }) => ['{"alg":"ES256","kid":"good","typ":"JWT","alg":"none"}', claims]),
    },
    {
      name: 'none first, well signed',
      token: text(({ header, claims }) => [`{"alg":"none",${JSON.stringify(header).slice(1)}`, claims]),
      outcome: 'either',
    },
    {
      name: 'none first, not signed',
      token: ({ header, claims }) => `${input(`{"alg":"none",${JSON.stringify(header).slice(1)}`, claims)}.`,
    },
    {
      name: 'none last, not signed',
      token: ({ header, claims }) =>
        `${input(`${JSON.stringify(header).slice(0, -1)},"alg":"none"}`, claims)}.`,
    },
  ],
  J053: ['at+jwt', 'application/at+jwt', 'AT+JWT', 'logout+jwt', 'secevent+jwt', 'dpop+jwt'].map((typ) => ({
    name: typ,
    token: header({ typ }),
  })),
  J057: ['application/at+jwt', 'AT+JWT', 'at+jwt', 'APPLICATION/AT+JWT'].map((typ) => ({
    name: typ,
    token: header({ typ }),
    outcome: 'accept',
  })),
  J059: [
    {
      name: 'an unsigned JWT inside a signed one',
      token: text((base) => [{ ...base.header, cty: 'JWT' }, unsignedInner(base)]),
    },
    {
      name: 'an unsigned JWT inside, as JSON text',
      token: text((base) => [{ ...base.header, cty: 'JWT' }, JSON.stringify(unsignedInner(base))]),
    },
  ],
  J061: ['[]', '"x"', 'null', '1', '', '{', '[{"sub":"alice"}]'].map((payload) => ({
    name: payload,
    token: text(({ header }) => [header, payload]),
  })),
  J063: [{ name: 'another spelling of the signature', token: otherSpelling, outcome: 'either' }],
  J065: [
    {
      name: 'a BOM',
      token: text(({ header, claims }) => [header, `\ufeff${JSON.stringify(claims)}`]),
      outcome: 'either',
    },
    {
      name: 'two BOMs',
      token: text(({ header, claims }) => [header, `\ufeff\ufeff${JSON.stringify(claims)}`]),
    },
    {
      name: 'NUL after the payload',
      token: text(({ header, claims }) => [header, `${JSON.stringify(claims)}\0`]),
    },
    { name: 'NUL in sub', token: claims({ sub: 'admin\0x' }) },
    { name: 'NUL in iss', token: claims(({ claims }) => ({ iss: `${claims['iss']}\0` })) },
    { name: 'NUL in aud', token: claims(({ claims }) => ({ aud: `${claims['aud']}\0` })) },
  ],
  J067: [
    { name: 'signature', token: flipped(2) },
    { name: 'payload', token: flipped(1) },
    { name: 'header', token: flipped(0) },
    { name: 'another key', token: ({ header, claims }) => seal(input(header, claims), attacker.privateKey) },
    { name: 'zeros', token: spoiled((token) => token.replace(/[^.]+$/, encode('\0'.repeat(64)))) },
    { name: 'too short', token: spoiled((token) => token.slice(0, -20)) },
  ],
  J069: [
    { name: 'a 1 more', token: claims(({ claims }) => ({ iss: `${claims['iss']}1` })) },
    { name: 'a slash more', token: claims(({ claims }) => ({ iss: `${claims['iss']}/` })) },
    { name: 'missing', token: claims({ iss: undefined }) },
    { name: 'a list', token: claims(({ claims }) => ({ iss: [claims['iss']] })) },
  ],
  J071: [
    { name: 'capitals', token: claims(({ claims }) => ({ iss: String(claims['iss']).toUpperCase() })) },
    {
      name: 'https',
      token: claims(({ claims }) => ({ iss: String(claims['iss']).replace('http:', 'https:') })),
    },
    { name: 'a default port', token: claims({ iss: 'http://127.0.0.1:80' }) },
    {
      name: 'localhost',
      token: claims(({ claims }) => ({ iss: String(claims['iss']).replace('127.0.0.1', 'localhost') })),
    },
    { name: 'a dot segment', token: claims(({ claims }) => ({ iss: `${claims['iss']}/.` })) },
    { name: 'a space', token: claims(({ claims }) => ({ iss: `${claims['iss']} ` })) },
  ],
  J073: [
    { name: 'the template', token: claims(({ claims }) => ({ iss: `${claims['iss']}/{tenantid}/v2.0` })) },
    {
      name: 'another tenant',
      token: claims(({ claims }) => ({ iss: `${claims['iss']}/7a1c/v2.0`, tid: '7a1c' })),
    },
  ],
  J075: [
    { name: 'a 1 more', token: claims(({ claims }) => ({ aud: `${claims['aud']}1` })) },
    { name: 'a list with a 1 more', token: claims(({ claims }) => ({ aud: [`${claims['aud']}1`] })) },
    { name: 'missing', token: claims({ aud: undefined }) },
    { name: 'null', token: claims({ aud: null }) },
    { name: 'empty list', token: claims({ aud: [] }) },
    { name: 'an object', token: claims(({ claims }) => ({ aud: { [String(claims['aud'])]: true } })) },
    { name: 'a list in a list', token: claims(({ claims }) => ({ aud: [[claims['aud']]] })) },
  ],
  J077: [
    { name: 'no azp', token: claims(({ claims }) => ({ aud: [claims['aud'], 'other'] })) },
    { name: 'azp other', token: claims(({ claims }) => ({ aud: [claims['aud'], 'other'], azp: 'other' })) },
  ],
  J079: [
    { name: 'other', token: claims({ azp: 'other' }) },
    { name: 'a list', token: claims(({ claims }) => ({ azp: [claims['aud']] })) },
    { name: 'empty', token: claims({ azp: '' }) },
  ],
  J081: [
    { name: 'a space', token: claims(({ claims }) => ({ aud: `${claims['aud']} ` })) },
    { name: 'capitals', token: claims(({ claims }) => ({ aud: String(claims['aud']).toUpperCase() })) },
    { name: 'two in one', token: claims(({ claims }) => ({ aud: `${claims['aud']},other` })) },
    { name: 'two by a space', token: claims(({ claims }) => ({ aud: `${claims['aud']} other` })) },
    { name: 'shorter', token: claims(({ claims }) => ({ aud: String(claims['aud']).slice(0, -1) })) },
    { name: 'a slash', token: claims(({ claims }) => ({ aud: `${claims['aud']}/` })) },
  ],
  J085: [
    { name: 'a second ago', token: claims(() => ({ exp: now() - 1 })), outcome: 'accept' },
    { name: '30 s ago', token: claims(() => ({ exp: now() - 30 })), outcome: 'accept' },
    { name: '301 s ago', token: claims(() => ({ exp: now() - 301 })) },
    { name: 'missing', token: claims({ exp: undefined }) },
    { name: 'null', token: claims({ exp: null }) },
    { name: 'text', token: claims(() => ({ exp: String(now() + 300) })) },
    { name: 'negative', token: claims({ exp: -1 }) },
    { name: 'nbf in the future', token: claims(() => ({ nbf: now() + 301 })) },
    { name: 'iat in the future', token: claims(() => ({ iat: now() + 301 })) },
  ],
  J087: [{ name: 'milliseconds', token: claims({ exp: 1.7e12 }), outcome: 'accept' }],
  J089: [
    { name: 'missing', token: claims({ iat: undefined }) },
    { name: 'null', token: claims({ iat: null }) },
    { name: 'text', token: claims(() => ({ iat: String(now()) })) },
  ],
  J091: [{ name: 'a day old', token: claims(() => ({ iat: now() - 86_400 })) }],
  J093: [undefined, null, '', 7, ['alice'], 'x'.repeat(300), 'alice\r\nX-Evil: 1'].map((sub) => ({
    name: JSON.stringify(sub)?.slice(0, 30) ?? 'missing',
    token: claims({ sub }),
  })),
  J099: [
    { name: 'missing', token: claims({ nonce: undefined }) },
    { name: 'other', token: claims({ nonce: 'other' }) },
    { name: 'a list', token: claims(({ claims }) => ({ nonce: [claims['nonce']] })) },
    { name: 'a prefix', token: claims(({ claims }) => ({ nonce: String(claims['nonce']).slice(0, -1) })) },
    { name: 'more', token: claims(({ claims }) => ({ nonce: `${claims['nonce']}A` })) },
    { name: 'empty', token: claims({ nonce: '' }) },
    { name: 'capitals', token: claims(({ claims }) => ({ nonce: String(claims['nonce']).toUpperCase() })) },
  ],
  J101: [
    { name: 'wrong', token: claims({ at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' }) },
    {
      name: 'of SHA-512',
      token: claims(({ accessToken }) => ({ at_hash: halfHash('sha512', accessToken) })),
    },
    {
      name: 'the full digest',
      token: claims(({ accessToken }) => ({
        at_hash: createHash('sha256').update(accessToken).digest('base64url'),
      })),
    },
    { name: 'empty', token: claims({ at_hash: '' }) },
    { name: 'null', token: claims({ at_hash: null }) },
    { name: 'of another token', token: claims({ at_hash: halfHash('sha256', 'another') }) },
  ],
  J113: [
    { name: '10 000 levels', token: deep(10_000) },
    { name: '2 000 levels', token: deep(2_000) },
  ],
  J119: ['PBES2-HS256+A128KW', 'PBES2-HS512+A256KW'].map((alg) => ({
    name: alg,
    token: envelope({ alg, enc: 'A128GCM', p2c: 2_147_483_647, p2s: 'AAAAAAAAAAA' }),
  })),
  J121: [
    {
      name: 'dir, the hash of the public key',
      token: (base) =>
        encrypted(
          createHash('sha256').update(pem(base)).digest(),
          { alg: 'dir', enc: 'A256GCM' },
          unsignedInner,
        )(base),
    },
    {
      name: 'dir, the client secret',
      token: (base) =>
        encrypted(
          createHash('sha256').update(base.clientSecret).digest(),
          { alg: 'dir', enc: 'A256GCM' },
          ({ claims }) => JSON.stringify(claims),
        )(base),
    },
  ],
  J123: [
    {
      name: 'RSA-OAEP to the key of the client, unsigned inside',
      token: encrypted(rsa.publicKey, { alg: 'RSA-OAEP-256', enc: 'A256GCM' }, unsignedInner),
    },
    {
      name: 'claims alone inside',
      token: encrypted(rsa.publicKey, { alg: 'RSA-OAEP', enc: 'A256GCM' }, ({ claims }) =>
        JSON.stringify(claims),
      ),
    },
  ],
  J125: [
    {
      name: 'a point off the curve',
      token: envelope({
        alg: 'ECDH-ES',
        enc: 'A128GCM',
        epk: epk('P-256', Buffer.alloc(32, 1), Buffer.alloc(32, 1)),
      }),
    },
    {
      name: 'a low order point',
      token: envelope({ alg: 'ECDH-ES', enc: 'A128GCM', epk: epk('X25519', Buffer.alloc(32)) }),
    },
  ],
}
