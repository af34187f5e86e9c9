import { generateKeyPairSync } from 'node:crypto'
import type { Test } from 'tap'
import { createBrowser } from '../../support/browser.ts'
import type { IdTokenParts } from '../../support/hostile-provider.ts'
import { expectSignedIn, type HostileScene, signIn } from '../hostile-scene.ts'
import { type Checks, deviating, json, refused } from './case.ts'

const other = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const otherKey = { ...other.publicKey.export({ format: 'jwk' }), kid: 'new', alg: 'ES256', use: 'sig' }

export const keyChecks: Checks = {
  'KS-form': refused(
    {
      'no keys': { answer: { jwks: json('{}') } },
      'a list': { answer: { jwks: json('[]') } },
      'keys that are text': { keys: ['x'] },
      'keys that are null': { keys: [null] },
      HTML: { answer: { jwks: { status: 200, headers: { 'content-type': 'text/html' }, body: '<p>' } } },
      404: { answer: { jwks: { status: 404 } } },
      500: { answer: { jwks: { status: 500 } } },
    },
    0,
  ),
  'KS-useless': refused(
    {
      'no key at all': { keys: [] },
      'a symmetric key': { keys: [{ kty: 'oct', k: 'AAAA', kid: 'good', alg: 'ES256' }] },
      'for encryption': (op) => ({ keys: [{ ...op.publicJwk, use: 'enc' }] }),
      'for another algorithm': (op) => ({ keys: [{ ...op.publicJwk, alg: 'ES384' }] }),
      'for wrapping': (op) => ({ keys: [{ ...op.publicJwk, key_ops: ['wrapKey'] }] }),
      'a point off the curve': (op) => ({ keys: [{ ...op.publicJwk, y: op.publicJwk.x }] }),
      'no coordinates': { keys: [{ kty: 'EC', crv: 'P-256', kid: 'good' }] },
      'an unknown kind': { keys: [{ kty: 'new', kid: 'good' }] },
      'of somebody else': { keys: [{ ...otherKey, kid: 'good' }] },
    },
    1,
  ),
  'KS-beside': async (t) => {
    const useless = [
      { kty: 'oct', k: 'AAAA' },
      { kty: 'new', kid: 'good' },
      { kty: 'EC', use: 'enc', kid: 'good' },
    ]
    const scene = await deviating(t, (op) => ({ keys: [...useless, op.publicJwk] }))
    expectSignedIn(t, scene, await signIn(scene))
  },
  'KS-rotation': rotation,
  'KS-withdrawn': withdrawn,
  'KS-outage': outage,
  'KS-same-kid': refused(
    {
      'the key of the attacker first': (op) => ({
        keys: [{ ...otherKey, kid: 'good' }, op.publicJwk],
        sign: byAttacker('nobody'),
      }),
    },
    1,
  ),
}

const another = (scene: HostileScene): HostileScene => ({ ...scene, browser: createBrowser() })

/** Signed by the other key. */
function byAttacker(kid: string) {
  return async ({ header, claims }: IdTokenParts): Promise<string> => {
    const { CompactSign, importJWK } = await import('jose')
    const key = await importJWK({ ...other.privateKey.export({ format: 'jwk' }), alg: 'ES256' })
    const payload = Buffer.from(JSON.stringify(claims))
    return new CompactSign(payload).setProtectedHeader({ ...header, alg: 'ES256', kid }).sign(key)
  }
}

/** A key that came new to the key set counts at once. */
async function rotation(t: Test): Promise<void> {
  const scene = await deviating(t, {})
  expectSignedIn(t, scene, await signIn(scene))
  Object.assign(scene.op.deviations, { keys: [scene.op.publicJwk, otherKey], sign: byAttacker('new') })
  expectSignedIn(t, scene, await signIn(another(scene)))
  t.equal(scene.op.count('jwks'), 2)
}

/** A key that was withdrawn does not count for long. */
async function withdrawn(t: Test): Promise<void> {
  const scene = await deviating(t, {}, { providerKeys: 'clock_tolerance: 10m' })
  expectSignedIn(t, scene, await signIn(scene))
  const before = scene.upstream.bytes()
  scene.op.deviations.keys = [otherKey]
  scene.gateway.advance(301)
  const late = another(scene)
  const page = await signIn(late)
  t.equal(page.status, 502)
  t.equal(scene.upstream.bytes(), before)
}

/** While the keys cannot be had, those that are known serve on. */
async function outage(t: Test): Promise<void> {
  const scene = await deviating(t, {}, { providerKeys: 'clock_tolerance: 10m' })
  expectSignedIn(t, scene, await signIn(scene))
  scene.op.deviations.answer = { jwks: { status: 503 } }
  for (const seconds of [0, 301]) {
    scene.gateway.advance(seconds)
    expectSignedIn(t, scene, await signIn(another(scene)))
  }
  scene.op.deviations.sign = byAttacker('new')
  const fresh = another(scene)
  const { status } = await signIn(fresh)
  t.ok([502, 503].includes(status), 'an unknown key is no reason to believe')
  t.equal(fresh.browser.cookiesFor(scene.gateway.origin).includes('postern='), false)
}
