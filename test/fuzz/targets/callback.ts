import fc from 'fast-check'
import { pino } from 'pino'
import { buildApp } from '../../../src/app.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { ruleProblems } from '../../../src/core/rules.ts'
import { testKey } from '../../support/gateway.ts'
import {
  applyEdits,
  edits,
  type FuzzTarget,
  latin1,
  must,
  mutated,
  type Opened,
  property,
} from '../target.ts'

const origin = 'http://localhost:4180'
// Nothing listens on port 9: whatever code comes, it cannot be exchanged.
const yaml = `
server: { listen: "127.0.0.1:0", public_url: "${origin}", limits: { logins_per_minute: none } }
provider:
  endpoints: { authorization: "http://127.0.0.1:9/a", token: "http://127.0.0.1:9/t", userinfo: "http://127.0.0.1:9/u" }
  client_id: postern
  client_secret: hush
  scopes: [x]
session: { keys: ["${testKey}"] }
upstreams: { web: { url: "http://127.0.0.1:9" } }
routes: [{ path: /**, upstream: web, access: authenticated }]
`

const names = [
  'code',
  'state',
  'iss',
  'error',
  'error_description',
  'error_uri',
  'session_state',
  '',
  '__proto__',
  'code[]',
  '%63ode',
]
const pieces = ['&', '=', '%', '%00', '%0d%0a', '%ff', '+', ';', '?', '#', 'state=', '.again', '\xe9', ' ']

type App = Awaited<ReturnType<typeof buildApp>>

/** Really begins a login: the state, and the cookie that came with it. */
async function begin(app: App) {
  const { headers } = await app.gateway().router.inject({
    url: '/oauth2/start?rd=/x',
    headers: { host: 'localhost:4180' },
  })
  const state = new URL(String(headers['location'])).searchParams.get('state') as string
  const cookie = [headers['set-cookie'] ?? []].flat()[0]?.replace(/;.*/, '') as string
  return { state, cookie }
}

// In the place of a state that is not known before.
const own = 'STATE'

const value = fc.oneof(
  { weight: 4, arbitrary: fc.constant(own) },
  fc.constantFrom(`${own}.again`, 'access_denied', 'server_error', 'x'),
  latin1,
  fc.string(),
)
const pair = fc
  .tuple(fc.constantFrom(...names), value)
  .map(([name, text]) => `${name}=${encodeURIComponent(text)}`)
const query = fc.array(pair, { maxLength: 6 }).map((pairs) => pairs.join('&'))
const requests = fc.record({
  query: fc.oneof(
    { weight: 3, arbitrary: mutated(fc.constantFrom(`code=x&state=${own}`, `error=x&state=${own}`), pieces) },
    query,
    mutated(query, pieces),
  ),
  cookieEdits: edits(['; ', '=', 'postern=', 'postern=0.1.', '.login.']),
  accept: fc.constantFrom('text/html', '*/*', 'application/json'),
  purpose: fc.constantFrom('none', 'none', 'prefetch', 'prefetch;prerender'),
  method: fc.constantFrom('GET', 'GET', 'GET', 'GET', 'HEAD', 'POST'),
})

/** The end of logins: never an error of ours, never a session. */
export const callback: FuzzTarget = {
  name: 'callback',
  shortRuns: 1000,
  async open(): Promise<Opened> {
    const config = loadConfig('x', { env: {}, readFile: () => yaml, checkRules: ruleProblems })
    const app = await buildApp(config, { logger: pino({ level: 'silent' }) })
    await app.gateway().router.ready()
    const check = property(requests, async ({ query, cookieEdits, accept, purpose, method }) => {
      const login = await begin(app)
      const cookie = applyEdits(login.cookie, cookieEdits).replace(/[^ -~]/g, '')
      const answer = await app.gateway().router.inject({
        method: method as 'GET',
        url: `/oauth2/callback?${asTarget(query).replaceAll(own, login.state)}`,
        headers: {
          host: 'localhost:4180',
          cookie: cookie.replace(/[^ -~]/g, ''),
          accept,
          'sec-purpose': purpose,
        },
      })
      must(answer.statusCode !== 500, () => `500: ${answer.body}`)
      must(
        [302, 400, 403, 405, 502, 503].includes(answer.statusCode),
        () => `${answer.statusCode}: ${answer.body}`,
      )
      const lines = [answer.headers['set-cookie'] ?? []].flat()
      must(!lines.some((line) => /^postern(?:\.\d+)?=[^;]/.test(line)), () => `a session: ${lines}`)
      const location = answer.headers['location']
      must(location === undefined || location.startsWith('http://127.0.0.1:9/a?'), () => `led to ${location}`)
      return answer.statusCode === 503
    })
    return { ...check, close: app.close }
  },
}

/** What a client could send: the bytes of the text, those that no target has percent-encoded. */
function asTarget(text: string): string {
  const bytes = Buffer.from(text).toString('latin1')
  return bytes.replace(/[^!-~]|#/g, (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`)
}
