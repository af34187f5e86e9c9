import t from 'tap'
import { authenticationGap } from '../../src/core/authentication.ts'

const now = 10_000

t.test('one of the contexts will do, and no other value', async (t) => {
  const gap = (acr: unknown) => authenticationGap({ acr: ['gold', 'silver'] }, { acr }, now)
  for (const acr of ['gold', 'silver']) t.equal(gap(acr), undefined)
  for (const acr of ['bronze', 'GOLD', '', undefined, null, ['gold'], 1])
    t.equal(gap(acr), 'acr-insufficient')
  t.equal(authenticationGap({ acr: [] }, {}, now), undefined)
})

t.test('an authentication counts for as long as the rule says, and never without a time', async (t) => {
  const gap = (authTime: unknown) => authenticationGap({ acr: [], maxAge: 300 }, { auth_time: authTime }, now)
  for (const time of [now, now - 300, now + 60]) t.equal(gap(time), undefined, String(time))
  for (const time of [now - 301, now + 61, undefined, String(now), Number.NaN, null])
    t.equal(gap(time), 'authentication-too-old', String(time))
  t.equal(
    authenticationGap({ acr: ['x'], maxAge: 300 }, { acr: 'x', auth_time: 1 }, now),
    'authentication-too-old',
  )
})
