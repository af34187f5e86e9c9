import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { startDemo } from '../../src/demo/demo.ts'
import { demoGuide } from '../../src/demo/guide.ts'
import { freePort } from '../support/free-port.ts'

const configFile = fileURLToPath(new URL('../../../config/demo.yaml', import.meta.url))

async function start(t: Test) {
  const demo = await startDemo({ configFile, port: await freePort(), logger: pino({ level: 'silent' }) })
  t.teardown(demo.close)
  return demo
}

t.test('every part is where the demo says, and on loopback', async (t) => {
  const { publicUrl, issuer, upstream, admin } = await start(t)
  t.match(publicUrl, /^http:\/\/localhost:\d+$/)
  for (const url of [issuer, upstream, admin]) t.match(url, /^http:\/\/127\.0\.0\.1:\d+$/)
  const places = [`${issuer}/.well-known/openid-configuration`, upstream, `${admin}/healthz`, publicUrl]
  for (const place of places) t.equal((await fetch(place)).status, 200, place)
})

t.test('what the guide says of each command in a shell is true', async (t) => {
  const demo = await start(t)
  const guide = demoGuide(demo, 'config/demo.yaml')
  const commands = [...guide.matchAll(/^ {4}curl -i (?:-X (\w+) )?(http\S+) +(\d+)/gm)]
  t.equal(commands.length, 4)
  for (const [line, method = 'GET', url = '', status] of commands) {
    const response = await fetch(url, { method, redirect: 'manual' })
    t.equal(String(response.status), status, line)
    if (status === '200') t.notMatch(await response.text(), /authorization|x-forwarded-user/i)
    if (status === '401') t.match(await response.json(), { login_url: `${demo.publicUrl}/oauth2/start` })
  }
})

t.test('a program gets in with a token, as the guide says', async (t) => {
  const demo = await start(t)
  const guide = demoGuide(demo, 'config/demo.yaml')
  const [, user = '', body = '', address = ''] =
    /TOKEN=\$\(curl -s -u (\S+) -d (\S+ -d \S+) \\\n +(\S+) /.exec(guide) ?? []
  const answer = await fetch(address, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(user).toString('base64')}` },
    body: new URLSearchParams(body.replace(' -d ', '&')),
  })
  const { access_token: token } = (await answer.json()) as { access_token: string }
  const calls = [...guide.matchAll(/^ {4}curl -i -H "Authorization: Bearer \$TOKEN" (\S+) *(\d*)/gm)]
  const got: string[] = []
  for (const [, url = '', status] of calls) {
    const { status: found, headers } = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
    got.push(`${found} ${headers.get('www-authenticate')}`)
    if (status) t.equal(String(found), status)
  }
  t.match(got, [/^200 null$/, /^403 .*error="insufficient_scope".* scope="admin"/])
})

t.test('two demos run side by side', async (t) => {
  const [one, other] = [await start(t), await start(t)]
  t.not(one.admin, other.admin)
  t.equal((await fetch(one.publicUrl)).status, 200)
  t.equal((await fetch(other.publicUrl)).status, 200)
})
