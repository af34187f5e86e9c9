import t from 'tap'
import { createLoopGuard } from '../../src/session/loop-guard.ts'
import { cookieHeaderOf } from './samples.ts'

const guard = createLoopGuard({ name: 'postern', attributes: { isSecure: false, sameSite: 'lax' } })
const page = 'https://app.example.com/page?q=secret'
const other = 'https://app.example.com/other'

/** The Cookie header after logins for these pages. */
function after(returns: readonly string[], hasSession: boolean): string {
  let header = 'theme=dark'
  for (const returnTo of returns)
    header = cookieHeaderOf([guard.count(header, { returnTo, hasSession })], header)
  return header
}

t.test('three logins without a session are a loop, whatever they were for', async (t) => {
  const isLooping = (returns: string[]) =>
    guard.isLooping(after(returns, false), { returnTo: page, hasSession: false })
  t.equal(isLooping([]), false)
  t.equal(isLooping([page, page]), false)
  t.equal(isLooping([page, page, page]), true)
  t.equal(isLooping([page, page, page, page, page]), true)
  t.equal(isLooping([other, page, other]), true)
})

t.test('with a session three logins for one page are', async (t) => {
  const trip = { returnTo: page, hasSession: true }
  const isLooping = (returns: string[]) => guard.isLooping(after(returns, true), trip)
  t.equal(isLooping([page, page]), false)
  t.equal(isLooping([page, page, page]), true)
  t.equal(isLooping([other, other, other]), false)
  t.equal(isLooping([page, page, other, page]), false, 'another page was reached meanwhile')
  t.equal(guard.isLooping(after([page, page, page], false), trip), true)
  t.equal(guard.isLooping(after([other, other, other], false), trip), false)
})

t.test('the count is short-lived, tells no address and is believed as far as it goes', async (t) => {
  const line = guard.count(undefined, { returnTo: page, hasSession: false })
  t.match(line, /^postern_logins=1\.[\w-]{8}; Max-Age=30; Path=\/; HttpOnly; SameSite=Lax$/)
  const isLooping = (value: string, hasSession = false) =>
    guard.isLooping(`postern_logins=${value}`, { returnTo: page, hasSession })
  for (const value of ['', 'x', '-3', '2.5.x', 'NaN', '.', '..', 'Infinity'])
    t.equal(isLooping(value), false, value)
  t.equal(isLooping('3'), true)
  t.equal(isLooping('999.x'), true)
  t.equal(isLooping('999.x', true), false)
  t.equal(isLooping('999', true), false)
})
