import t, { type Test } from 'tap'
import { canonicalPath } from '../../src/core/request-path.ts'
import { corpus } from '../core/corpus.ts'
import type { Browser } from '../support/browser.ts'
import { createBrowser } from '../support/browser.ts'
import { headsAt, type Scene, startScene } from '../support/scene.ts'
import { runFamily } from './family.ts'
import { readingsOf } from './readers.ts'

const rules = [
  'path: /public/**, access: public',
  'path: /api/**, scopes: [api.read]',
  'path: /admin/**, scopes: [api.read, admin]',
]
const areas = ['public', 'api', 'admin'] as const
type Area = (typeof areas)[number] | 'nothing'

/** Where a caller may go. */
const reach: Readonly<Record<string, readonly Area[]>> = {
  anonymous: ['public'],
  user: ['public', 'api'],
  admin: ['public', 'api', 'admin'],
}
const manners = ['GET', 'POST', 'upgrade'] as const

function areaOf(path: string): Area {
  return areas.find((area) => path === `/${area}` || path.startsWith(`/${area}/`)) ?? 'nothing'
}

async function signedIn(scene: Scene, user: string): Promise<Browser> {
  const browser = createBrowser()
  const page = await browser.navigate(`${scene.gateway.origin}/api/signing-in`)
  await browser.submit(page, { login: user })
  return browser
}

function requestBytes(
  scene: Scene,
  target: string,
  manner: (typeof manners)[number],
  cookie: string,
): string {
  const { origin } = scene.gateway
  const common = [`Host: ${origin.slice(7)}`, `Origin: ${origin}`, ...(cookie ? [`Cookie: ${cookie}`] : [])]
  const upgrade = [
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ]
  const plain = ['Connection: close', ...(manner === 'POST' ? ['Content-Length: 0'] : [])]
  const lines = [...common, ...(manner === 'upgrade' ? upgrade : plain)]
  return `${manner === 'POST' ? 'POST' : 'GET'} ${target} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`
}

/** Whatever reached the upstream must be, for every reader, where this caller may go, and just what was judged. */
function checkArrival(t: Test, sent: string, received: string, caller: string, manner: string): void {
  const judged = canonicalPath(sent)
  const name = `${JSON.stringify(received)} as ${caller}, ${manner}`
  t.equal(received, judged && judged.path + judged.query, `${name}: what was judged`)
  const wrong = [...readingsOf(received)].filter(([, path]) => !reach[caller]?.includes(areaOf(path)))
  t.strictSame(wrong, [], name)
}

t.test('request targets', async (t) => {
  const scene = await startScene(t, { routes: rules, hint: '' })
  const heads = headsAt(scene.upstream)
  const cookies: Record<string, string> = { anonymous: '' }
  for (const [caller, user] of [
    ['user', 'bob'],
    ['admin', 'root'],
  ] as const)
    cookies[caller] = (await signedIn(scene, user)).cookiesFor(scene.gateway.origin)

  let arrived = 0
  const check = async ([target = '']: string[], t: Test) => {
    let answered = 0
    for (const caller of Object.keys(reach)) {
      for (const manner of manners) {
        const before = heads.length
        const answer = await scene.gateway.exchange(
          requestBytes(scene, target, manner, cookies[caller] as string),
        )
        if (/^HTTP\/1\.1 \d{3} /.test(answer)) answered += 1
        const requests = heads.slice(before)
        t.ok(requests.length <= 1, 'one request at most')
        for (const [line = ''] of requests)
          checkArrival(t, target, line.split(' ')[1] as string, caller, manner)
        arrived += requests.length
      }
    }
    t.equal(answered, 9, 'every one is answered')
  }
  const rows = corpus('paths.tsv')
  t.ok(rows.length >= 160)
  await runFamily(t, 'request targets', rows, check, ([target, id]) => `${id} ${JSON.stringify(target)}`)
  t.ok(arrived > 50, `the plain ones arrive: ${arrived}`)
})
