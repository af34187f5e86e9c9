import t from 'tap'
import { type FrontFiles, skipWithout } from '../support/front.ts'
import { startRecorder } from '../support/recorder.ts'
import { behaves } from './expectations.ts'
import { ask, cookieOf, startFronted, startSignedIn } from './scenario.ts'

t.test('behind haproxy', { skip: skipWithout('haproxy') }, async (t) => {
  behaves(t, { name: 'haproxy', isDelivering: true })

  t.test('whatever goes wrong in the check, the request does not pass', async (t) => {
    const changes: Record<string, (lua: string) => string> = {
      'an error': (lua) => lua.replace('local answer =', 'error("broken") local answer ='),
      'an error after the answer': (lua) =>
        lua.replace('if answer.status', 'nothing.at = all if answer.status'),
      'an answer that is none': (lua) =>
        lua.replace('if answer.status', 'answer.status = nil if answer.status'),
    }
    for (const [label, change] of Object.entries(changes)) {
      await t.test(label, async (t) => {
        const fronted = await startFronted(t, 'haproxy', { change: changedLua(change) })
        t.equal((await ask(fronted, 'GET /public/x')).status, 503)
        t.equal((await ask(fronted, 'GET /orders', ['Accept: text/html'])).status, 503)
        t.equal(fronted.heads().length, 0)
        t.equal((await ask(fronted, 'GET /oauth2/session')).status, 200, 'Postern itself is there')
      })
    }
  })

  t.test('a check that never ends is given up', async (t) => {
    const silent = await startRecorder()
    t.teardown(silent.close)
    const elsewhere = (lua: string) =>
      lua
        .replace('timeout_ms = 10000', 'timeout_ms = 200')
        .replace(/127\.0\.0\.1:\d+/, `127.0.0.1:${silent.port}`)
    const fronted = await startFronted(t, 'haproxy', { change: changedLua(elsewhere) })
    t.equal((await ask(fronted, 'GET /public/x')).status, 503)
    t.equal(fronted.heads().length, 0)
  })

  t.test('more headers than a check may have are no way round it', async (t) => {
    const fronted = await startSignedIn(t, 'haproxy')
    const before = fronted.heads().length
    const many = (count: number) => Array.from({ length: count }, (_, index) => `X-${index}: ${index}`)
    for (const count of [85, 90, 95, 100, 110]) {
      const { status } = await ask(fronted, 'GET /admin', [cookieOf(fronted), ...many(count)])
      t.ok(status >= 400, `${count}: ${status}`)
    }
    t.equal(fronted.heads().length, before)
    t.equal((await ask(fronted, 'GET /orders', [cookieOf(fronted), ...many(60)])).status, 200)
  })
})

function changedLua(change: (lua: string) => string) {
  return (files: FrontFiles): FrontFiles => {
    const lua = change(files['postern.lua'] as string)
    return { ...files, 'postern.lua': lua }
  }
}
