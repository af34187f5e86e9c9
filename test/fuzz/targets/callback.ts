import fc from 'fast-check'
import { pino } from 'pino'
import { buildApp } from '../../../src/app.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { ruleProblems } from '../../../src/core/rules.ts'
import { testKey } from '../../support/gateway.ts'
import { type FuzzTarget, latin1, must, mutated, type Opened, property } from '../target.ts'

const origin = 'http://localhost:4180'
// Nothing listens on port 9: whatever code comes, it cannot be exchanged.
const yaml = `
server: { listen: "127.0.0.1:0", public_url: "${origin}" }
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
const purposes = ['prefetch', 'prefetch;prerender', 'none']

/** Logins that were really begun: the state, and the cookie that came with it. */
async function begin(app: Awaited<ReturnType<typeof buildApp>>) {
  const answers = await Promise.all(
    [0, 1, 2].map(() =>
      app.public.inject({ url: '/oauth2/start?rd=/x', headers: { host: 'localhost:4180' } }),
    ),
  )
  return answers.map(({ headers }) => {
    const state = new URL(String(headers['location'])).searchParams.get('state') as string
    const cookie = [headers['set-cookie'] ?? []].flat()[0]?.replace(/;.*/, '') as string
    return { state, cookie }
  })
}

function requestsFor(logins: readonly { state: string; cookie: string }[]) {
  const states = logins.map(({ state }) => state)
  const value = fc.oneof(
    fc.constantFrom(...states, ...states.map((state) => `${state}.again`), 'access_denied', 'x'),
    latin1,
    fc.string(),
  )
  const pair = fc
    .tuple(fc.constantFrom(...names), value)
    .map(([name, text]) => `${name}=${encodeURIComponent(text.toWellFormed())}`)
  const query = fc.array(pair, { maxLength: 6 }).map((pairs) => pairs.join('&'))
  const cookies = logins.map(({ cookie }) => cookie)
  const cookie = fc.oneof(
    fc.constantFrom(...cookies, cookies.join('; '), cookies.toReversed().join('; '), ''),
    mutated(fc.constantFrom(...cookies), ['; ', '=', 'postern=', 'postern=0.1.', '.login.']),
  )
  return fc.record({
    query: fc.oneof(query, mutated(query, pieces)),
    cookie,
    accept: fc.constantFrom('text/html', '*/*', 'application/json'),
    purpose: fc.constantFrom(...purposes),
    method: fc.constantFrom('GET', 'GET', 'GET', 'HEAD', 'POST'),
  })
}

/** The end of logins: never an error of ours, never a session. */
export const callback: FuzzTarget = {
  name: 'callback',
  shortRuns: 1500,
  async open(): Promise<Opened> {
    const config = loadConfig('x', { env: {}, readFile: () => yaml, checkRules: ruleProblems })
    const app = await buildApp(config, { logger: pino({ level: 'silent' }) })
    await app.public.ready()
    const logins = await begin(app)
    const requests = requestsFor(logins)
    const check = property(requests, async ({ query, cookie, accept, purpose, method }) => {
      const printable = /[^!-~]/g
      const answer = await app.public.inject({
        method: method as 'GET',
        url: `/oauth2/callback?${query.replace(printable, encodeURIComponent as never).replaceAll('#', '')}`,
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
    })
    return { property: check, close: app.close }
  },
}
