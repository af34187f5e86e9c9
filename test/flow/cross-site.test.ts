import t from 'tap'
import { ask, cookieLine, headsAt, startSignedIn } from '../support/scene.ts'

const routes = [
  'path: /**, access: authenticated',
  'path: /open/**, access: authenticated, csrf: off',
  'path: /partner/**, access: authenticated, allowed_origins: ["https://partner.example"]',
  'path: /public/**, access: public',
  'path: /optional/**, access: optional',
]

t.test('what another site makes a browser send is refused before the upstream hears of it', async (t) => {
  const scene = await startSignedIn(t, { routes })
  const { gateway, upstream } = scene
  const own = `Origin: ${gateway.origin}`
  const rows: [line: string, headers: string[], status: number][] = [
    ['POST /x', ['Sec-Fetch-Site: cross-site'], 403],
    ['POST /x', ['Sec-Fetch-Site: same-site'], 403],
    ['POST /x', ['Origin: https://evil.test'], 403],
    ['POST /x', ['Origin: null'], 403],
    ['POST /x', [`Origin: ${gateway.origin}.evil.test`], 403],
    ['POST /x', ['Origin: https://evil.test', 'Sec-Fetch-Site: same-origin'], 403],
    ['DELETE /x', ['Origin: https://evil.test'], 403],
    ['PROPFIND /x', ['Sec-Fetch-Site: cross-site'], 403],
    ['POST /x', [own], 200],
    ['POST /x', [own, 'Sec-Fetch-Site: same-origin'], 200],
    ['POST /x', ['Origin: null', 'Sec-Fetch-Site: same-origin'], 200],
    ['POST /x', ['Sec-Fetch-Site: none'], 200],
    ['POST /x', [], 200],
    ['GET /x', ['Sec-Fetch-Site: cross-site'], 200],
    ['POST /partner/x', ['Origin: https://partner.example', 'Sec-Fetch-Site: cross-site'], 200],
    ['POST /x', ['Origin: https://partner.example'], 403],
    ['POST /open/x', ['Origin: https://evil.test', 'Sec-Fetch-Site: cross-site'], 200],
    ['POST /public/x', ['Origin: https://evil.test'], 200],
    ['POST /optional/x', ['Origin: https://evil.test'], 403],
  ]
  for (const [line, headers, status] of rows) {
    const { length } = headsAt(upstream)
    const answer = await ask(gateway, line, [cookieLine(scene), 'Content-Length: 4', ...headers], 'body')
    t.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `), `${line} ${headers}`)
    t.equal(headsAt(upstream).length, status === 200 ? length + 1 : length)
    t.notMatch(answer, /access-control-allow/i)
    if (status === 403) t.match(answer, /"reason":"cross-site"/)
  }
})

t.test('without a session there is nothing to protect: an optional rule lets the request pass', async (t) => {
  const { gateway, upstream } = await startSignedIn(t, { routes })
  const answer = await ask(gateway, 'POST /optional/x', ['Origin: https://evil.test', 'Content-Length: 0'])
  t.match(answer, /^HTTP\/1\.1 200 /)
  t.equal(headsAt(upstream).at(-1)?.[0], 'POST /optional/x HTTP/1.1')
})

t.test('a person sees a page', async (t) => {
  const { gateway, browser } = await startSignedIn(t, { routes })
  const headers = { origin: 'https://evil.test', 'sec-fetch-site': 'cross-site' }
  const page = await browser.navigate(`${gateway.origin}/x`, { method: 'POST', headers, body: 'a=b' })
  t.equal(page.status, 403)
})
