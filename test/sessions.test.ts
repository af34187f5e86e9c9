import t from 'tap'
import { loadConfig } from '../src/config/load.ts'
import { joinObservers } from '../src/observer.ts'
import { createNoProvider } from '../src/provider/no-provider.ts'
import { createLiveStreams } from '../src/proxy/live-streams.ts'
import { createSessionMemory } from '../src/session/session-memory.ts'
import { createSessions } from '../src/sessions.ts'

const yaml = `
server: { public_url: https://app.example.com }
bearer: { issuers: [{ issuer: https://login.example.com, audience: https://app.example.com }] }
upstreams: { web: { url: http://127.0.0.1:9 } }
routes: [{ path: /**, upstream: web, access: authenticated }]
`

t.test('where nobody signs in there are sessions all the same, and nobody has one', async (t) => {
  const config = loadConfig('test.yaml', { env: {}, readFile: () => yaml })
  const clock = () => 1_000
  const observer = joinObservers()
  const lasting = { memory: createSessionMemory({ clock }), live: createLiveStreams() }
  const surroundings = { ...lasting, clock, sleep: async () => {}, observer, provider: createNoProvider() }
  const [one, other] = await Promise.all([
    createSessions(config, surroundings),
    createSessions(config, surroundings),
  ])
  const sealed = one.sealReturn('/back')
  t.equal(one.openReturn(sealed), '/back')
  t.equal(other.openReturn(sealed), undefined, 'the key is known to nobody')
  const site = {
    origin: 'https://app.example.com',
    scheme: 'https',
    loginOrigin: 'https://app.example.com',
    callbackUrl: '',
    cookies: one.cookiesFor('https'),
  } as const
  t.equal(one.sessionOf(site, '__Host-postern=x'), undefined)
})
