import t from 'tap'
import { canonicalPath } from '../../src/core/request-path.ts'
import { corpus } from '../support/corpus.ts'
import { startGateway } from '../support/gateway.ts'
import { startProvider } from '../support/provider.ts'
import type { Ask, Delivery } from './delivery.ts'
import { type Echo, startEcho } from './echo.ts'
import { runFamily } from './family.ts'
import { signIn } from './people.ts'
import { readingsOf } from './readers.ts'
import { targetOf } from './strict-wire.ts'

type Caller = Readonly<{ name: string; cookie: string[]; mayReach: readonly string[] }>
type Method = 'GET' | 'POST' | 'upgrade'
type Place = Readonly<{ ask: Ask; version: 1 | 2; origin: string; echo: Echo }>
type Row = Readonly<{ target: string; id: string; safe: string }>

const simple: readonly Method[] = ['GET', 'POST']
const methods: readonly Method[] = [...simple, 'upgrade']
const rows = corpus('paths.tsv').map(([target = '', id = '', , safe = '']): Row => ({ target, id, safe }))
/** 431 is a target that no buffer holds. */
const refusals = [400, 401, 403, 404, 431]

/** Which rule a reading falls under; what is under none, nobody may reach. */
function areaOf(reading: string): string {
  return /^\/(public|api|admin)(?:\/|$)/.exec(reading.toLowerCase())?.[1] ?? 'no area'
}

const handshake = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
]

/** Lines and body by method. */
const sent: Readonly<Record<Method, Readonly<{ lines: string[]; body: string }>>> = {
  GET: { lines: [], body: '' },
  POST: { lines: ['Content-Length: 2'], body: 'hi' },
  upgrade: { lines: handshake, body: '' },
}

/** What is wrong with the target that the upstream received: somebody reads it as an area the caller may not reach. */
function misread(received: string, { mayReach }: Caller): string[] {
  return [...readingsOf(received)]
    .filter(([reading]) => !mayReach.includes(areaOf(reading)))
    .map(([reading, by]) => `${received} is ${reading} to ${by}`)
}

/** Tells whether a row must be served: its only safe outcome is the rule of an area that the caller may reach. */
function mustBeServed({ safe }: Row, { mayReach }: Caller): boolean {
  const [, area = ''] = /^AS:\/(\w+)/.exec(safe) ?? []
  return mayReach.includes(area)
}

async function tryOut({ ask, version, origin, echo }: Place, row: Row, caller: Caller, method: Method) {
  const before = echo.requests.length
  const { lines, body } = sent[method]
  const line = `${method === 'upgrade' ? 'GET' : method} ${row.target}`
  const { status } = await ask(line, [`Origin: ${origin}`, ...lines, ...caller.cookie], body)
  const received = echo.requests.slice(before).map(targetOf)
  const found = canonicalPath(row.target)
  const judged = found && found.path + found.query
  const complaints = [...received.flatMap((target) => misread(target, caller)), ...echo.faults.splice(0)]
  if (received.length > 1) complaints.push(`${received.length} upstream requests`)
  if (received.some((target) => target !== judged)) complaints.push(`sent ${received}, judged ${judged}`)
  if (received.length === 0 && !refusals.includes(status) && !(version === 2 && status === 0))
    complaints.push(`answered ${status}`)
  if (received.length === 0 && mustBeServed(row, caller)) complaints.push(`not served: ${status}`)
  return complaints.map((complaint) => `${caller.name} ${method}: ${complaint}`)
}

/** The rule file that the rows were written for, and one where whatever no rule names is open to everybody. */
const sites = [
  { family: 'request targets', rest: [], open: [] },
  { family: 'request targets, open site', rest: ['path: /**, access: public'], open: ['no area'] },
] as const

/** The families of request targets, delivered one way. */
export function runTargets(delivery: Delivery): void {
  for (const site of sites) testSite(delivery, site)
}

function testSite(delivery: Delivery, { family, rest, open }: (typeof sites)[number]): void {
  const name = delivery.named(family)
  t.test(`${name}: no reader of what the upstream receives ends where the caller may not go`, async (t) => {
    const echo = await startEcho(t)
    const gateway = await startGateway(t, {
      provider: await startProvider(t),
      providerKeys: 'scopes: [openid, api.read, admin]',
      upstream: echo.origin,
      routes: [
        'path: /public/**, access: public',
        'path: /api/**, scopes: [api.read]',
        'path: /admin/**, scopes: [admin]',
        ...rest,
      ],
      level: 'fatal',
      ...delivery.options,
    })
    const place = { ask: delivery.open(t, gateway), version: delivery.version, origin: gateway.origin, echo }
    const callers: readonly Caller[] = [
      { name: 'anonymous', cookie: [], mayReach: ['public', ...open] },
      { name: 'user', cookie: [await signIn(gateway, 'alice')], mayReach: ['public', 'api', ...open] },
      {
        name: 'admin',
        cookie: [await signIn(gateway, 'root')],
        mayReach: ['public', 'api', 'admin', ...open],
      },
    ]
    await runFamily(
      t,
      name,
      rows,
      async (row, t) => {
        const complaints: string[] = []
        for (const caller of callers) {
          for (const method of delivery.version === 1 ? methods : simple)
            complaints.push(...(await tryOut(place, row, caller, method)))
        }
        t.strictSame(complaints, [])
      },
      ({ id, target }) => `${id} ${JSON.stringify(target.slice(0, 60))}`,
    )
  })
}
