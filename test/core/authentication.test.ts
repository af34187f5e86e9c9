import t from 'tap'
import { authenticationGap } from '../../src/core/authentication.ts'

const now = 1_800_000_000

t.test('without a need nothing falls short', async (t) => {
  t.equal(authenticationGap({ acr: [] }, {}, now), undefined)
  t.equal(authenticationGap({ acr: [] }, { acr: 'pwd', auth_time: 0 }, now), undefined)
})

t.test('the context must be one of those listed, as text, character for character', async (t) => {
  const gap = (acr: unknown) => authenticationGap({ acr: ['mfa', 'urn:hw'] }, { acr }, now)
  for (const good of ['mfa', 'urn:hw']) t.equal(gap(good), undefined, good)
  for (const bad of ['pwd', 'MFA', 'mfa ', 'mfa urn:hw', '', undefined, null, 0, true, ['mfa'], { mfa: 1 }]) {
    t.equal(gap(bad), 'acr-insufficient', JSON.stringify(bad))
  }
})

t.test('auth_time must be a number, not too long ago and not far in the future', async (t) => {
  const gap = (authTime: unknown) => authenticationGap({ acr: [], maxAge: 300 }, { auth_time: authTime }, now)
  for (const good of [now, now - 300, now + 60, now - 0.5]) t.equal(gap(good), undefined, String(good))
  const old = [now - 301, now + 61, now * 1000, 0, Number.NaN, Number.POSITIVE_INFINITY]
  for (const bad of [...old, String(now), undefined, null, true, [now]]) {
    t.equal(gap(bad), 'authentication-too-old', JSON.stringify(bad))
  }
})

t.test('a context that falls short is told before the age', async (t) => {
  const need = { acr: ['mfa'], maxAge: 300 }
  t.equal(authenticationGap(need, {}, now), 'acr-insufficient')
  t.equal(authenticationGap(need, { acr: 'mfa' }, now), 'authentication-too-old')
  t.equal(authenticationGap(need, { acr: 'mfa', auth_time: now }, now), undefined)
})
