import t from 'tap'
import { createLoginLimit } from '../../src/gate/login-limit.ts'

t.test('each client has logins of its own, and a network of IPv6 is one client', async (t) => {
  let now = 1_000
  const count = createLoginLimit(() => now)
  const rate = { perMinute: 2 }
  t.strictSame(
    ['192.0.2.1', '192.0.2.1', '192.0.2.1', '192.0.2.2', '2001:db8::1', '2001:db8::2', '2001:db8::3'].map(
      (client) => count(client, rate),
    ),
    [undefined, undefined, 30, undefined, undefined, undefined, 30],
  )
  now += 30
  t.equal(count('192.0.2.1', rate), undefined)
})

t.test('whoever is not known is not counted', async (t) => {
  const count = createLoginLimit(() => 0)
  t.strictSame(
    Array.from({ length: 5 }, () => count('', { perMinute: 1 })),
    Array(5).fill(undefined),
  )
})

t.test('a limit that changes counts from then on, without forgetting', async (t) => {
  const count = createLoginLimit(() => 0)
  t.equal(count('192.0.2.1', { perMinute: 1 }), undefined)
  t.equal(count('192.0.2.1', { perMinute: 1 }), 60)
  t.equal(count('192.0.2.1', { perMinute: 60 }), 1, 'the bucket is as empty as it was')
})

t.test('memory does not grow with the number of clients', async (t) => {
  const count = createLoginLimit(() => 0)
  const clientOf = (n: number) => `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`
  for (let n = 0; n <= 10_000; n += 1) count(clientOf(n), { perMinute: 1 })
  t.equal(count(clientOf(10_000), { perMinute: 1 }), 60, 'the newest is known')
  t.equal(count(clientOf(0), { perMinute: 1 }), undefined, 'the oldest was forgotten')
})
