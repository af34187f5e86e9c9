import t from 'tap'
import { createTokenCache } from '../../src/bearer/token-cache.ts'
import type { BearerOutcome } from '../../src/core/bearer-token.ts'

const verified = (length: number): BearerOutcome => ({
  kind: 'verified',
  bearer: { token: 'x'.repeat(length), claims: {}, scopes: [], audiences: ['a'], expiresAt: 10 },
})

/** How many of so many tokens of one length are still known at the end. */
function keptOf(count: number, length: number): number {
  const cache = createTokenCache(() => 0)
  const outcome = verified(length)
  for (let i = 0; i < count; i++) cache.set(String(i), outcome, 1)
  return Array.from({ length: count }, (_, i) => cache.get(String(i))).filter(Boolean).length
}

t.test('the tokens seen last are kept: fewer, the longer they are', async (t) => {
  t.equal(keptOf(10_100, 600), 10_000)
  t.equal(keptOf(10_100, 1_600), 10_000)
  t.equal(keptOf(1_100, 16_000), 1_000)
})

t.test('refusals take the room of short tokens', async (t) => {
  const cache = createTokenCache(() => 0)
  cache.set('a', { kind: 'refused', fault: 'token-inactive' }, 1)
  t.match(cache.get('a'), { kind: 'refused' })
})

t.test('an entry is gone when its time is over', async (t) => {
  let now = 0
  const cache = createTokenCache(() => now)
  cache.set('a', verified(600), 5)
  now = 4
  t.ok(cache.get('a'))
  now = 5
  t.equal(cache.get('a'), undefined)
})

t.test('what has ended makes room before what has not', async (t) => {
  let now = 0
  const cache = createTokenCache(() => now)
  cache.set('lasting', verified(8_000_000), 1000)
  cache.set('short', verified(8_000_000), 10)
  now = 60
  cache.set('new', verified(8_000_000), 1000)
  t.ok(cache.get('lasting'))
  t.ok(cache.get('new'))
})
