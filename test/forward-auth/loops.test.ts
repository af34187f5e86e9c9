import t, { type Test } from 'tap'
import type { BrowserResponse } from '../support/browser.ts'
import { startScene } from '../support/scene.ts'

const server = 'trusted_proxies: [127.0.0.1]'

/** A proxy sends the browser to the sign-in, and back it comes as it was; where the third round begins. */
async function goRound(t: Test, lose: (setCookies: readonly string[]) => 'session' | 'nothing') {
  const { gateway, browser } = await startScene(t, { server, forwardAuth: 'preset: nginx' })
  const start = `${gateway.origin}/oauth2/sign_in?rd=/page`
  const rounds: BrowserResponse[] = []
  for (let round = 0; round < 3; round++) {
    const begun = await browser.navigate(start, { stopAt: `${gateway.origin}/page` })
    rounds.push(begun)
    if (lose(begun.setCookies) === 'session') browser.setCookie(gateway.origin, 'postern', undefined)
  }
  const again = await browser.navigate(start, { stopAt: `${gateway.origin}/page` })
  return { rounds, again }
}

t.test('the third round is a page that names the proxy which drops Set-Cookie', async (t) => {
  const { rounds, again } = await goRound(t, () => 'session')
  t.strictSame(
    rounds.map(({ status }) => status),
    [303, 303, 400],
  )
  t.match(rounds[2]?.body, 'You are signed in, but it does not last')
  t.match(rounds[2]?.body, 'does not pass <code>Set-Cookie</code> on')
  t.equal(again.status, 303, 'whoever tries again is given another chance')
})

t.test('where the session comes back, it is the check that does not get it', async (t) => {
  const { rounds } = await goRound(t, () => 'nothing')
  t.strictSame(
    rounds.map(({ status }) => status),
    [303, 303, 400],
  )
  t.match(rounds[2]?.body, 'does not pass the <code>Cookie</code> header on')
})

t.test('without another proxy a sign-in that was asked for is always begun', async (t) => {
  const { gateway, browser } = await startScene(t)
  for (let round = 0; round < 5; round++) {
    const done = await browser.navigate(`${gateway.origin}/oauth2/start?rd=/page`, {
      stopAt: `${gateway.origin}/page`,
    })
    t.equal(done.status, 303)
    browser.setCookie(gateway.origin, 'postern', undefined)
  }
})
