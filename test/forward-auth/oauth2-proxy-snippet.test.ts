import t, { type Test } from 'tap'
import { createBrowser } from '../support/browser.ts'
import { nginxConfig, skipWithout, startConfigured } from '../support/front.ts'
import { type Scene, valuesOf } from '../support/scene.ts'
import { startFronted } from './scenario.ts'

/** The snippet of oauth2-proxy's documentation as it stands there, but for the port; the backend is the service of the test. */
const snippet = (postern: number) => `
location /oauth2/ { proxy_pass http://127.0.0.1:${postern}; proxy_set_header Host $host; proxy_set_header X-Real-IP $remote_addr; proxy_set_header X-Auth-Request-Redirect $request_uri; }
location = /oauth2/auth { proxy_pass http://127.0.0.1:${postern}; proxy_set_header Host $host; proxy_set_header X-Real-IP $remote_addr; proxy_set_header X-Forwarded-Uri $request_uri; proxy_set_header Content-Length ""; proxy_pass_request_body off; }
location / {
  auth_request /oauth2/auth; error_page 401 = @oauth2_signin;
  auth_request_set $user $upstream_http_x_auth_request_user; auth_request_set $email $upstream_http_x_auth_request_email; auth_request_set $token $upstream_http_x_auth_request_access_token;
  proxy_set_header X-User $user; proxy_set_header X-Email $email; proxy_set_header X-Access-Token $token;
  auth_request_set $auth_cookie $upstream_http_set_cookie; add_header Set-Cookie $auth_cookie;
  proxy_pass http://backend/;
}
location @oauth2_signin { return 302 /oauth2/sign_in?rd=$scheme://$host$request_uri; }
`

/** The snippet knows no ports, so browsers see this origin; it is the server's port that they really get to. */
const origin = 'http://app.localhost'

async function start(t: Test, { gateway, upstream }: Scene, port: number): Promise<void> {
  const http = (folder: string) =>
    nginxConfig(
      folder,
      `
  upstream backend { server 127.0.0.1:${upstream.port}; }
  server {
    listen 127.0.0.1:${port};
    port_in_redirect off;
    ${snippet(gateway.port)}
  }`,
    )
  await startConfigured(t, 'nginx', port, (folder) => ({ configuration: http(folder) }))
}

async function startBehindSnippet(t: Test, more = '') {
  let front = 0
  const fronted = await startFronted(t, 'nginx', {
    start: (t, scene, port) => {
      front = port
      return start(t, scene, port)
    },
    publicUrls: () => [origin],
    forwardAuth: `preset: nginx, access_token_header: true${more}`,
  })
  return { ...fronted, browser: createBrowser({ ports: { [origin]: front } }) }
}

t.test("the snippet of oauth2-proxy's documentation works unchanged", { skip: skipWithout('nginx') }, (t) => {
  t.test('people come back to where they were, with the whole query, and sign out', async (t) => {
    const { browser, heads } = await startBehindSnippet(t)
    const page = await browser.navigate(`${origin}/orders/7?a=1&b=2`)
    t.match(page, { status: 200, url: `${origin}/orders/7?a=1&b=2`, body: 'hi' })
    const [head = []] = heads()
    t.equal(heads().length, 1)
    t.match(head[0], /^GET \/orders\/7\?a=1&b=2 /)
    t.strictSame(valuesOf(head, 'x-user'), ['alice'])
    t.strictSame(valuesOf(head, 'x-email'), ['alice@example.com'])
    t.match(valuesOf(head, 'x-access-token'), [/^[\w-]{20,}$/])

    const spoofed = {
      headers: { 'x-user': 'root', 'x-access-token': 'forged', 'x-forwarded-uri': '/public/' },
    }
    t.equal((await browser.fetch(`${origin}/orders`, spoofed)).status, 200)
    t.notMatch(heads().at(-1)?.join('\n'), /root|forged/)

    const out = await browser.navigate(`${origin}/oauth2/sign_out?rd=%2F`, { follow: false })
    t.equal(out.status, 200, 'asks first, since any site can link there')
    await browser.submit(out)
    t.equal(browser.cookiesFor(origin), '')
    const before = heads().length
    const again = await browser.navigate(`${origin}/orders`, { follow: false })
    t.match(again, { status: 302, headers: { location: `${origin}/oauth2/sign_in?rd=${origin}/orders` } })
    t.equal(heads().length, before)
  })

  t.test('403 stays 403', async (t) => {
    const { browser, heads } = await startBehindSnippet(t)
    await browser.navigate(`${origin}/`)
    const before = heads().length
    const asPublic = { headers: { 'x-forwarded-uri': '/public' } }
    t.equal((await browser.navigate(`${origin}/admin/x`)).status, 403)
    t.equal((await browser.navigate(`${origin}/public/..%2fadmin`)).status, 403)
    t.equal((await browser.fetch(`${origin}/admin`, asPublic)).status, 403)
    t.equal((await browser.fetch(`${origin}/oauth2/auth`)).status, 403, 'the check, about itself')
    t.equal(heads().length, before)
  })

  t.test('the method, which it does not tell, is not guessed', async (t) => {
    const strict = await startBehindSnippet(t)
    await strict.browser.navigate(`${origin}/`)
    const before = strict.heads().length
    t.equal((await strict.browser.fetch(`${origin}/reports`)).status, 500, 'the routes differ by method')
    t.equal(strict.heads().length, before)

    const ignoring = await startBehindSnippet(t, ', original_method: ignored')
    await ignoring.browser.navigate(`${origin}/`)
    const told = { headers: { 'x-forwarded-method': 'GET' } }
    t.equal((await ignoring.browser.fetch(`${origin}/reports`, told)).status, 403, 'all routes must agree')
    t.equal((await ignoring.browser.fetch(`${origin}/orders`, told)).status, 200)
  })

  t.test('a session that is renewed reaches the browser', async (t) => {
    const { browser, gateway, refreshes } = await startBehindSnippet(t)
    await browser.navigate(`${origin}/`)
    const old = browser.cookiesFor(origin)
    gateway.advance(301)
    const answers = await Promise.all(Array.from({ length: 20 }, () => browser.clone().fetch(`${origin}/x`)))
    t.ok(answers.every(({ status, setCookies }) => status === 200 && setCookies.length === 1))
    t.equal((await browser.fetch(`${origin}/x`)).status, 200)
    t.not(browser.cookiesFor(origin), old)
    t.equal(refreshes(), 1)
  })
  t.end()
})
