import t from 'tap'
import { startSignedIn } from '../support/scene.ts'

t.test('a script that signs out is told no ID token', async (t) => {
  const { gateway, browser, provider } = await startSignedIn(t)
  const answer = await browser.fetch(`${gateway.origin}/oauth2/sign_out?rd=/bye`, { method: 'POST' })
  const { location } = answer.json() as { location: string }
  t.equal(location.startsWith(`${provider.issuer}/session/end?`), true, 'the way to the provider')
  t.notMatch(location, /id_token_hint|eyJ/)
  t.equal(
    (await browser.fetch(location)).status,
    200,
    'the provider knows what is wanted, and asks the person',
  )
})
