import t from 'tap'
import type { Claims } from '../../src/core/session.ts'
import { accountName, startSession } from '../../src/core/session.ts'

t.test('an account is named by what its owner knows it by', async (t) => {
  const tokens = { accessToken: 'x', obtainedAt: 0 }
  const named = (claims: Claims) =>
    accountName(startSession('id', { sub: '7f3a', claims, scopes: [], tokens }, 0))
  const name = 'Alice Adams'
  t.equal(named({ name, preferred_username: 'alice', email: 'alice@example.com' }), 'alice@example.com')
  t.equal(named({ name, preferred_username: 'alice' }), 'alice')
  t.equal(named({ name }), name)
  t.equal(named({}), '7f3a')
})
