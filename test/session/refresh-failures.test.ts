import t from 'tap'
import { sampleSession, start } from './samples.ts'
import { createBench, grantFor, refusal, unreachable } from './scripted-refresher.ts'

const expired = start + 300
const due = start + 270

t.test('a refused grant ends the session, and is not tried again for 30 seconds', async (t) => {
  const bench = createBench({ now: expired })
  const session = sampleSession()
  const answers = [bench.refresher.current(session), bench.refresher.current(session)]
  await bench.answer(refusal)
  const ended = { kind: 'ended', reason: 'grant-refused', clearCookie: true }
  t.same(await Promise.all(answers), [ended, ended])
  bench.clock.now += 29
  t.same(bench.refresher.current(session), ended)
  t.equal(bench.requests.length, 1)
  bench.clock.now += 1
  const again = bench.refresher.current(session)
  await bench.answer(refusal)
  t.same(await again, ended)
  t.equal(bench.requests.length, 2)
})

t.test('a refused grant clears no cookie when a younger generation has shown up meanwhile', async (t) => {
  const bench = createBench({ now: expired })
  const answer = bench.refresher.current(sampleSession())
  bench.generations.note(sampleSession({ generation: 1 }))
  await bench.answer(refusal)
  t.same(await answer, { kind: 'ended', reason: 'superseded', clearCookie: false })
})

t.test('an older cookie whose successor was refused clears nothing', async (t) => {
  const bench = createBench({ now: expired, keepResult: 600 })
  const session = sampleSession()
  const first = bench.refresher.current(session)
  await bench.answer(grantFor(1, 20))
  await first
  bench.clock.now += 20
  const second = bench.refresher.current(session)
  await bench.answer(refusal)
  t.same(await second, { kind: 'ended', reason: 'grant-refused', clearCookie: false })
})

t.test('while the provider fails the session stays, and requests to it grow rare', async (t) => {
  const bench = createBench({ now: due })
  const session = sampleSession()
  for (; bench.clock.now < expired; bench.clock.now++) {
    const answer = bench.refresher.current(session)
    if (answer instanceof Promise) await bench.answer(unreachable)
    t.same(await answer, { kind: 'current', session }, 'the access token is used while it lasts')
  }
  t.same(
    bench.requestTimes.map((time) => time - due),
    [0, 1, 3, 7, 15],
  )
  t.same(bench.refresher.current(session), {
    kind: 'unavailable',
    code: 'POSTERN_PROVIDER_UNREACHABLE',
    retryAfter: 1,
  })
  bench.clock.now += 1
  const answer = bench.refresher.current(session)
  await bench.answer(grantFor(1))
  t.equal((await answer).kind, 'renewed')
})

for (const code of ['POSTERN_CLIENT_REFUSED', 'POSTERN_PROVIDER_INVALID'] as const) {
  t.test(`${code} keeps the session and says what is wrong`, async (t) => {
    const bench = createBench({ now: expired })
    const session = sampleSession()
    const answer = bench.refresher.current(session)
    await bench.answer({ code })
    t.same(await answer, { kind: 'unavailable', code, retryAfter: 1 })
    t.same(bench.refresher.current(session), { kind: 'unavailable', code, retryAfter: 1 })
    t.same(bench.events.at(-1), { event: 'failed', sessionId: session.id, sub: session.sub, error: { code } })
    t.equal(bench.requests.length, 1)
  })
}

t.test(
  'those who waited are told of the failure, although the second of the pause is over by then',
  async (t) => {
    const bench = createBench({ now: expired, report: () => bench.clock.now++ })
    const session = sampleSession()
    const answers = [bench.refresher.current(session), bench.refresher.current(session)]
    await bench.answer({ code: 'POSTERN_CLIENT_REFUSED' })
    const refused = { kind: 'unavailable', code: 'POSTERN_CLIENT_REFUSED', retryAfter: 1 }
    t.same(await Promise.all(answers), [refused, refused])
  },
)

t.test('a failure nobody foresaw keeps the session too', async (t) => {
  for (const failure of [new TypeError('oops'), { code: 'ECONNRESET' }, 'text', undefined]) {
    const bench = createBench({ now: expired })
    const answer = bench.refresher.current(sampleSession())
    await bench.reject(failure)
    t.same(await answer, { kind: 'unavailable', code: 'POSTERN_INTERNAL', retryAfter: 1 })
  }
})

t.test('when nobody knows whether the request arrived it is sent once more, a second later', async (t) => {
  for (const [second, kind] of [
    [grantFor(1), 'renewed'],
    [refusal, 'ended'],
    [unreachable, 'unavailable'],
  ] as const) {
    const bench = createBench({ now: expired })
    const answer = bench.refresher.current(sampleSession())
    await bench.answer({ ...unreachable, isAmbiguous: true })
    t.equal(bench.requests.length, 1)
    await bench.wake(1000)
    await bench.answer(second)
    t.equal((await answer).kind, kind)
    t.equal(bench.requests.length, 2)
  }
})

t.test('a second failure of that kind is not followed by a third request', async (t) => {
  const bench = createBench({ now: expired })
  const answer = bench.refresher.current(sampleSession())
  await bench.answer({ ...unreachable, isAmbiguous: true })
  await bench.wake(1000)
  await bench.answer({ ...unreachable, isAmbiguous: true })
  t.equal((await answer).kind, 'unavailable')
  t.equal(bench.requests.length, 2)
})

t.test('a provider whose tokens are over on arrival is not asked without end', async (t) => {
  const bench = createBench({ now: expired })
  const answer = bench.refresher.current(sampleSession())
  await bench.answer(grantFor(1, 0))
  t.same(await answer, { kind: 'unavailable', code: 'POSTERN_PROVIDER_INVALID', retryAfter: 1 })
  t.equal(bench.requests.length, 1)
})
