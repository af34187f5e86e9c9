import t from 'tap'
import { startScene } from '../support/scene.ts'

t.test('many sessions that expire at once do not all ask the provider at once', async (t) => {
  const { gateway, browser, provider } = await startScene(t, { provider: { accessTokenTtl: 300 } })
  const people = []
  for (let count = 0; count < 60; count += 1) {
    const person = browser.clone()
    await person.navigate(`${gateway.origin}/`)
    people.push(person)
  }
  let asking = 0
  let most = 0
  const waiting: (() => void)[] = []
  provider.behaviour.respond = async (path) => {
    if (path !== '/token') return undefined
    asking += 1
    most = Math.max(most, asking)
    await new Promise<void>((resolve) => {
      waiting.push(resolve)
      // The last that is let in opens the door; then one goes as one comes.
      if (waiting.length === 32 || provider.tokenRequests.length >= 60 + 32)
        for (const go of waiting.splice(0)) go()
    })
    asking -= 1
    return undefined
  }
  gateway.advance(301)
  const answers = await Promise.all(people.map((person) => person.fetch(`${gateway.origin}/x`)))
  t.ok(answers.every(({ status, setCookies }) => status === 200 && setCookies.length === 1))
  t.equal(most, 32)
  t.equal(provider.tokenRequests.length, 120, 'one refresh each')
})
