import t from 'tap'
import type { Session } from '../../src/core/session.ts'
import type { Outcome } from '../../src/session/refresh-outcome.ts'
import { sampleSession, sampleTokens, start } from './samples.ts'
import { createBench, grantFor, refusal, unreachable } from './scripted-refresher.ts'

const expired = start + 300
const due = start + 270

const kinds = (outcomes: Outcome[]) => [...new Set(outcomes.map(({ kind }) => kind))]

t.test('lets a session be while its access token is fresh, without a promise', (t) => {
  const bench = createBench()
  const session = sampleSession()
  t.same(bench.refresher.current(session), { kind: 'current', session })
  t.equal(bench.requests.length, 0)
  t.end()
})

t.test(
  '200 parallel requests with an expired access token make one refresh and all get its session',
  async (t) => {
    const bench = createBench({ now: expired })
    const session = sampleSession()
    const answers = Array.from({ length: 200 }, () => bench.refresher.current(session))
    await bench.answer(grantFor(1))
    const outcomes = await Promise.all(answers)
    t.same(kinds(outcomes), ['renewed'])
    t.same(new Set(outcomes.map(bench.sessionOf)).size, 1)
    t.match(outcomes[0], {
      session: { generation: 1, tokens: { accessToken: 'access-1', refreshToken: 'refresh-1' } },
    })
    t.equal(bench.requests.length, 1)
    t.equal(bench.count('joined'), 199)
  },
)

t.test('while the access token lasts one request refreshes and the others go on at once', async (t) => {
  const bench = createBench({ now: due })
  const session = sampleSession()
  const answers = Array.from({ length: 200 }, () => bench.refresher.current(session))
  t.equal(answers.filter((answer) => answer instanceof Promise).length, 1)
  t.same(answers[1], { kind: 'current', session, isRenewing: true }, 'a loser writes no cookie')
  bench.clock.now = expired - 5
  t.ok(bench.refresher.current(session) instanceof Promise, 'with 5 seconds left it is better to wait')
  await bench.answer(grantFor(1))
  t.equal((await answers[0])?.kind, 'renewed')
  t.equal(bench.requests.length, 1)
})

t.test('a request with the old cookie is given the result for 60 seconds', async (t) => {
  const bench = createBench({ now: expired })
  const session = sampleSession()
  const first = bench.refresher.current(session)
  await bench.answer(grantFor(1))
  const renewed = await first
  bench.clock.now += 1
  for (let request = 0; request < 20; request++) t.same(bench.refresher.current(session), renewed)
  bench.clock.now += 58
  t.same(bench.refresher.current(session), renewed)
  bench.clock.now += 1
  t.same(bench.refresher.current(session), { kind: 'ended', reason: 'superseded', clearCookie: false })
  t.equal(bench.requests.length, 1, 'a spent refresh token is never sent again')
  t.equal(bench.count('replay-suspected'), 1)
})

/** Twelve hours from the sign-in on. */
const endsAt = ({ createdAt }: Session) => createdAt + 43_200

t.test('where cookies may not arrive the result is kept until the new one was seen', async (t) => {
  const bench = createBench({ now: expired, endsAt })
  const session = sampleSession()
  const first = bench.refresher.current(session)
  await bench.answer(grantFor(1, 3_000))
  const renewed = await first
  bench.clock.now += 1_000
  t.same(bench.refresher.current(session), renewed)
  const youngest = bench.sessionOf(renewed)
  t.same(bench.refresher.current(youngest), { kind: 'current', session: youngest })
  bench.clock.now += 59
  t.same(bench.refresher.current(session), renewed)
  bench.clock.now += 1
  t.match(bench.refresher.current(session), { kind: 'ended', reason: 'superseded', clearCookie: false })
  t.equal(bench.requests.length, 1)
})

t.test(
  'an old cookie whose successors were never seen leads to the youngest, until the session ends',
  async (t) => {
    const bench = createBench({ now: expired, endsAt })
    const oldest = sampleSession()
    const waiting = bench.refresher.current(oldest)
    await bench.answer(grantFor(1))
    let youngest = bench.sessionOf(await waiting)
    const others = [youngest]
    for (let generation = 2; generation < 20; generation++) {
      bench.clock.now += 301
      const next = bench.refresher.current(oldest)
      await bench.answer(grantFor(generation, 300 * generation))
      youngest = bench.sessionOf(await next)
      t.equal(youngest.generation, generation)
      others.push(youngest)
    }
    t.same(bench.refresher.current(oldest), { kind: 'renewed', session: youngest })
    t.same(bench.refresher.current(others.at(-2) ?? oldest), { kind: 'renewed', session: youngest })
    t.match(bench.refresher.current(others[3] ?? oldest), { reason: 'superseded' }, 'in between')
    t.equal(bench.requests.length, 19)
    bench.clock.now = oldest.createdAt + 43_200
    t.match(bench.refresher.current(oldest), { kind: 'ended', reason: 'superseded' })
  },
)

t.test('an older cookie that is seen ends nothing for those before it', async (t) => {
  const bench = createBench({ now: expired, endsAt })
  const oldest = sampleSession()
  const first = bench.refresher.current(oldest)
  await bench.answer(grantFor(1, 20))
  const middle = bench.sessionOf(await first)
  bench.clock.now += 20
  const second = bench.refresher.current(oldest)
  await bench.answer(grantFor(2, 3_000))
  const youngest = bench.sessionOf(await second)
  await bench.refresher.current(middle)
  bench.clock.now += 100
  t.same(bench.refresher.current(oldest), { kind: 'renewed', session: youngest })
})

t.test('a request with an older cookie still is given the youngest session there is', async (t) => {
  const bench = createBench({ now: expired, keepResult: 600 })
  const old = sampleSession()
  const first = bench.refresher.current(old)
  await bench.answer(grantFor(1, 20))
  const middle = bench.sessionOf(await first)
  bench.clock.now += 20
  const second = bench.refresher.current(old)
  await bench.answer(grantFor(2))
  const youngest = bench.sessionOf(await second)
  t.equal(youngest.generation, 2)
  t.same(bench.refresher.current(old), { kind: 'renewed', session: youngest })
  t.same(bench.refresher.current(middle), { kind: 'renewed', session: youngest })
  t.equal(bench.refresher.latest(old), youngest)
  t.equal(bench.refresher.latest(youngest), youngest)
  const bare = sampleSession({ tokens: { accessToken: 'a', obtainedAt: start } })
  t.equal(bench.refresher.latest(bare), bare)
  t.equal(bench.requests.length, 2)
})

t.test('a copy of a cookie two generations old is not refreshed', async (t) => {
  const bench = createBench({ now: expired })
  bench.generations.note(sampleSession({ generation: 2 }))
  t.same(bench.refresher.current(sampleSession()), {
    kind: 'ended',
    reason: 'superseded',
    clearCookie: false,
  })
  t.equal(bench.requests.length, 0)
  const { id: sessionId, sub } = sampleSession()
  t.same(bench.events, [{ event: 'replay-suspected', sessionId, sub }])
})

t.test('an older copy is known for one even when the younger session could not be refreshed', async (t) => {
  const bench = createBench({ now: expired })
  const younger = sampleSession({ generation: 2, tokens: sampleTokens({ refreshToken: 'refresh-2' }) })
  const answer = bench.refresher.current(younger)
  await bench.answer(unreachable)
  t.match(await answer, { kind: 'unavailable' })
  t.match(bench.refresher.current(sampleSession({ generation: 1 })), {
    reason: 'superseded',
    clearCookie: false,
  })
  t.equal(bench.requests.length, 1)
})

t.test('a provider that keeps its refresh token is asked again for each generation', async (t) => {
  const bench = createBench({ now: expired })
  const session = sampleSession()
  const first = bench.refresher.current(session)
  const { refreshToken: _, idToken: __, ...tokens } = grantFor(1, 30).tokens
  await bench.answer({ ...grantFor(1), tokens: { ...tokens, obtainedAt: expired, expiresAt: expired + 30 } })
  const renewed = bench.sessionOf(await first)
  t.match(renewed.tokens, { accessToken: 'access-1', refreshToken: 'refresh-0', idToken: 'id-0' })
  t.equal(bench.refresher.latest(session), renewed)
  bench.clock.now += 30
  const second = bench.refresher.current(renewed)
  await bench.answer(grantFor(2))
  t.equal(bench.sessionOf(await second).generation, 2)
  t.match(bench.refresher.current(session), { kind: 'renewed', session: { generation: 2 } })
})

t.test('what the provider never gave is not made up', async (t) => {
  const bench = createBench({ now: expired })
  const { idToken: _, ...tokens } = sampleTokens()
  const answer = bench.refresher.current(sampleSession({ tokens }))
  const { idToken: __, ...fresh } = grantFor(1).tokens
  await bench.answer({ ...grantFor(1), tokens: fresh })
  t.notOk('idToken' in bench.sessionOf(await answer).tokens)
})

t.test('nobody waits longer than the limit, and the refresh goes on without them', async (t) => {
  const bench = createBench({ now: expired })
  const session = sampleSession()
  const answers = [bench.refresher.current(session), bench.refresher.current(session)]
  await bench.wake(11_000)
  const unavailable = { kind: 'unavailable', code: 'POSTERN_PROVIDER_UNREACHABLE', retryAfter: 1 }
  t.same(await Promise.all(answers), [unavailable, unavailable])
  t.same(await bench.refresher.current(session), unavailable, 'whoever comes later waits no more')
  await bench.answer(grantFor(1))
  t.match(bench.refresher.current(session), { kind: 'renewed', session: { generation: 1 } })
  t.equal(bench.requests.length, 1, 'a slow provider gets one request')
})

t.test('the result is kept though every client hung up', async (t) => {
  const bench = createBench({ now: expired })
  const session = sampleSession()
  const forgotten = bench.refresher.current(session)
  await bench.answer(grantFor(1))
  t.match(bench.refresher.current(session), { kind: 'renewed', session: { generation: 1 } })
  t.equal(bench.requests.length, 1)
  t.equal((await forgotten).kind, 'renewed')
})

t.test(
  'a session signed out during its refresh stays signed out, and the new tokens are revoked',
  async (t) => {
    const bench = createBench({ now: expired })
    const session = sampleSession()
    const answer = bench.refresher.current(session)
    bench.ended.end(session.id, start + 3600)
    await bench.answer(grantFor(1))
    t.same(await answer, { kind: 'ended', reason: 'signed-out', clearCookie: false })
    t.same(bench.revoked, [grantFor(1).tokens])
    t.same(bench.refresher.current(session), { kind: 'ended', reason: 'signed-out', clearCookie: true })
  },
)

t.test('a session signed out after its refresh gets nothing from the kept result', async (t) => {
  const bench = createBench({ now: expired })
  const session = sampleSession()
  const answer = bench.refresher.current(session)
  await bench.answer(grantFor(1))
  await answer
  bench.ended.end(session.id, start + 3600)
  t.match(bench.refresher.current(session), { kind: 'ended', reason: 'signed-out' })
})

t.test('a revocation that fails is reported and hurts nobody', async (t) => {
  const bench = createBench({ now: expired, revocationError: new Error('down') })
  const session = sampleSession()
  const answer = bench.refresher.current(session)
  bench.ended.end(session.id, start + 3600)
  await bench.answer(grantFor(1))
  t.match(await answer, { reason: 'signed-out' })
  t.match(bench.events, [{ event: 'discarded' }, { event: 'revocation-failed', error: { message: 'down' } }])
})

t.test('tokens for somebody else end the session and are revoked', async (t) => {
  const bench = createBench({ now: expired })
  const session = sampleSession()
  const answer = bench.refresher.current(session)
  await bench.answer({ ...grantFor(1), sub: 'mallory' })
  const ended = { kind: 'ended', reason: 'subject-changed', clearCookie: true }
  t.same(await answer, ended)
  t.same(bench.refresher.current(session), ended)
  t.same(bench.revoked, [grantFor(1).tokens])
  t.equal(bench.requests.length, 1)
})

t.test('without a refresh token the access token ends and nothing else happens', (t) => {
  const bench = createBench({ now: expired - 1 })
  const { refreshToken: _, ...tokens } = sampleTokens()
  const session = sampleSession({ tokens })
  t.same(bench.refresher.current(session), { kind: 'current', session })
  bench.clock.now = expired
  t.same(bench.refresher.current(session), { kind: 'expired', reason: 'access-token-expired' })
  t.end()
})

t.test('a token without a known end is never refreshed ahead', (t) => {
  const bench = createBench({ now: start + 86_400 })
  const { expiresAt: _, ...tokens } = sampleTokens()
  const session = sampleSession({ tokens })
  t.same(bench.refresher.current(session), { kind: 'current', session })
  t.end()
})

t.test('of 10,000 sessions that end in one second only so many are refreshed at a time', async (t) => {
  const bench = createBench({ now: expired })
  const sessions = Array.from({ length: 10_000 }, (_, index) =>
    sampleSession({ id: `id-${index}`, tokens: sampleTokens({ refreshToken: `refresh-${index}` }) }),
  )
  const answers = sessions.map((session) => bench.refresher.current(session))
  t.equal(bench.requests.length, 32)
  let most = 0
  while (bench.pending() > 0) {
    most = Math.max(most, bench.pending())
    await bench.answer(grantFor(1))
  }
  t.equal(most, 32)
  t.equal(bench.requests.length, 10_000)
  t.same(kinds(await Promise.all(answers)), ['renewed'])
})

t.test('a session signed out while it waits for its turn is not refreshed', async (t) => {
  const bench = createBench({ now: expired, maxConcurrent: 1 })
  const first = bench.refresher.current(sampleSession())
  const other = sampleSession({ id: 'other', tokens: sampleTokens({ refreshToken: 'refresh-other' }) })
  const second = bench.refresher.current(other)
  bench.ended.end('other', start + 3600)
  await bench.answer(refusal)
  t.match(await first, { reason: 'grant-refused' })
  t.match(await second, { reason: 'signed-out', clearCookie: false })
  t.equal(bench.requests.length, 1)
})

t.test('works with its defaults', async (t) => {
  const bench = createBench({ now: expired, hasDefaults: true })
  const answer = bench.refresher.current(sampleSession())
  await bench.answer(grantFor(1))
  t.equal((await answer).kind, 'renewed')
})

t.test('refreshes each session by itself', async (t) => {
  const bench = createBench({ now: expired })
  const other: Session = sampleSession({
    id: 'other',
    tokens: sampleTokens({ refreshToken: 'refresh-other' }),
  })
  const answers = [bench.refresher.current(sampleSession()), bench.refresher.current(other)]
  t.equal(bench.requests.length, 2)
  await bench.answer(grantFor(1))
  await bench.answer(refusal)
  t.same(kinds(await Promise.all(answers)), ['renewed', 'ended'])
})
