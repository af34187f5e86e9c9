import t from 'tap'
import type { App, Prepared } from '../../src/app.ts'
import type { Config } from '../../src/config/schema.ts'
import { createLogger } from '../../src/logs/logger.ts'
import { type Child, createFleet } from '../../src/workers/fleet.ts'

type Message = { postern: string; number: number; kind: string; payload: unknown }

/** A child that the test plays: what it got, and what it says. */
function createFakeChild(pid: number) {
  const got: Message[] = []
  const exits: ((how: string) => void)[] = []
  const waiting: { kind: string; go: (message: Message) => void }[] = []
  let say: (message: unknown) => void = () => {}
  const self = {
    pid,
    got,
    isKilled: false,
    kinds: () => got.map(({ kind }) => kind),
    /** Resolves with the next message of this kind, at once if it came already. */
    gets: (kind: string) =>
      new Promise<Message>((go) => {
        const found = got.find((message) => message.kind === kind)
        if (found) go(found)
        else waiting.push({ kind, go })
      }),
    answer: async (kind: string, value?: unknown) => {
      const { number } = await self.gets(kind)
      say({ postern: 'answer', number, value })
    },
    fail: async (kind: string, message: string) => {
      const { number } = await self.gets(kind)
      say({ postern: 'failure', number, failure: { message } })
    },
    say: (message: unknown) => say(message),
    exit: (how: string) => {
      for (const listener of exits.splice(0)) listener(how)
    },
    child: {} as Child,
  }
  self.child = {
    pid,
    port: {
      send: (message) => {
        got.push(message as Message)
        const { kind } = message as Message
        for (const { go } of waiting.filter((each) => each.kind === kind)) go(message as Message)
      },
      receive: (listener) => {
        say = listener
      },
    },
    onExit: (listener) => exits.push(listener),
    kill: () => {
      self.isKilled = true
      self.exit('SIGKILL')
    },
  }
  return self
}

/** A fleet of fake children, in front of an app that is hardly one. */
function setUp(count = 2) {
  const children: ReturnType<typeof createFakeChild>[] = []
  const log: Record<string, unknown>[] = []
  const sleepers: { ms: number; wake: () => void }[] = []
  const done: string[] = []
  const destination = { write: (line: string) => void log.push(JSON.parse(line)) }
  const { logger } = createLogger({ level: 'info', format: 'json', isTerminal: false, destination })
  const prepared: Prepared = {
    commit: () => void done.push('commit'),
    discard: async () => void done.push('discard'),
  }
  let refusal: Error | undefined
  const app = {
    gateway: () => ({ sessions: { ended: { entries: () => [] }, sightings: undefined, end: () => {} } }),
    prepare: async () => {
      if (refusal !== undefined) throw refusal
      return prepared
    },
  } as unknown as App
  const fleet = createFleet({
    count,
    config: 'first' as unknown as Config,
    fork: () => {
      const made = createFakeChild(children.length + 1)
      children.push(made)
      return made.child
    },
    app: () => app,
    logger,
    elapsed: () => 0,
    sleep: (ms) => new Promise<void>((wake) => sleepers.push({ ms, wake })),
  })
  const started = async () => {
    const address = fleet.start()
    await Promise.all(children.map((child) => child.answer('start', { address: `http://a:${child.pid}` })))
    return address
  }
  const refuse = (error: Error) => {
    refusal = error
  }
  return { fleet, children, log, sleepers, done, started, refuse }
}

const next = 'next' as unknown as Config

t.test('all begin, and the first tells the address', async (t) => {
  const { fleet, children, started } = setUp()
  t.match(fleet.checks(), { workers: { ok: false, reason: '0 of 2 serve' } })
  t.equal(await started(), 'http://a:1')
  t.strictSame(
    children.map(({ got }) => got[0]?.payload),
    Array(2).fill({ config: 'first', ended: [], sightings: [] }),
  )
  t.match(fleet.checks(), { workers: { ok: true } })
  children[0]?.exit('SIGSEGV')
  t.strictSame(fleet.checks(), { workers: { ok: true, reason: '1 of 2 serve' } })
})

t.test('when one cannot begin, none is left', async (t) => {
  const { fleet, children } = setUp()
  const start = fleet.start()
  await children[0]?.answer('start', { address: 'http://a:1' })
  await children[1]?.fail('start', 'the port is taken')
  await t.rejects(start, { message: 'the port is taken' })
  t.ok(children.every(({ isKilled }) => isKilled))
})

t.test('one that ends is replaced, after a pause; one that cannot begin, again', async (t) => {
  const { children, log, sleepers, started, fleet } = setUp(1)
  await started()
  children[0]?.exit('exit code 1')
  t.strictSame(
    sleepers.map(({ ms }) => ms),
    [100],
  )
  sleepers[0]?.wake()
  await new Promise(setImmediate)
  await children[1]?.fail('start', 'no memory')
  await new Promise(setImmediate)
  t.ok(children[1]?.isKilled)
  t.strictSame(
    sleepers.map(({ ms }) => ms),
    [100, 200],
  )
  sleepers[1]?.wake()
  await new Promise(setImmediate)
  await children[2]?.answer('start', { address: 'http://a:3' })
  await new Promise(setImmediate)
  t.match(
    log.map(({ msg, reason, how }) => [msg, reason ?? how]),
    [
      ['a worker ended, another one takes its place', 'exit code 1'],
      ['a worker ended, another one takes its place', 'SIGKILL'],
      ['a worker could not begin', 'no memory'],
      ['the other worker serves', undefined],
    ],
  )
  const closed = fleet.close({ delayMs: 0, withinMs: 0 })
  children[2]?.exit('exit code 0')
  await closed
  t.equal(children.length, 3, 'who was asked to stop is not replaced')
})

t.test('who ends while the others stop is not replaced', async (t) => {
  const { fleet, children, sleepers, started } = setUp(2)
  await started()
  children[0]?.exit('SIGKILL')
  const closed = fleet.close({ delayMs: 5, withinMs: 10 })
  sleepers[0]?.wake()
  await children[1]?.gets('stop')
  t.match(children[1]?.got.at(-1)?.payload, { delayMs: 5, withinMs: 10 })
  t.equal(sleepers.at(-1)?.ms, 2_015)
  sleepers.at(-1)?.wake()
  await closed
  t.ok(children[1]?.isKilled, 'who does not stop is ended')
  t.equal(children.length, 2)
})

t.test('nobody changes unless everybody can', async (t) => {
  const { fleet, children, done, started } = setUp()
  await started()
  const refused = fleet.prepare(next)
  await children[0]?.answer('prepare')
  await children[1]?.fail('prepare', 'its audit file cannot be opened')
  await t.rejects(refused, { message: 'its audit file cannot be opened' })
  t.strictSame(done, ['discard'])
  t.ok(children.every(({ got }) => got.at(-1)?.kind === 'discard'))
})

t.test('what the primary process itself refuses is not asked of the others', async (t) => {
  const { fleet, children, started, refuse } = setUp()
  await started()
  refuse(new Error('a restart is needed'))
  await t.rejects(fleet.prepare(next), { message: 'a restart is needed' })
  t.notOk(children.some(({ got }) => got.some(({ kind }) => kind === 'prepare')))
})

t.test('all change at once, and who begins meanwhile begins with what is new', async (t) => {
  const { fleet, children, done, sleepers, started } = setUp()
  await started()
  const preparing = fleet.prepare(next)
  for (const child of children) await child.answer('prepare')
  const { commit } = await preparing
  children[0]?.exit('SIGKILL')
  sleepers[0]?.wake()
  await new Promise(setImmediate)
  t.strictSame(children[2]?.kinds(), [], 'it has to wait')
  commit()
  t.strictSame(done, ['commit'])
  t.equal(children[1]?.got.at(-1)?.kind, 'commit')
  t.match((await children[2]?.gets('start'))?.payload, { config: 'next' })
})

t.test('one that dies while it prepares keeps nobody from changing', async (t) => {
  const { fleet, children, done, started } = setUp(1)
  await started()
  const preparing = fleet.prepare(next)
  await children[0]?.gets('prepare')
  children[0]?.exit('SIGKILL')
  const { commit } = await preparing
  commit()
  t.strictSame(done, ['commit'])
})

t.test('what is prepared may be given up', async (t) => {
  const { fleet, children, done, started } = setUp(1)
  await started()
  const preparing = fleet.prepare(next)
  await children[0]?.answer('prepare')
  await (await preparing).discard()
  t.strictSame(done, ['discard'])
  t.equal(children[0]?.got.at(-1)?.kind, 'discard')
})

t.test(
  'what each counts is asked for, who cannot tell has nothing to add; audit files are opened anew',
  async (t) => {
    const { fleet, children, started } = setUp()
    await started()
    const asked = fleet.reports()
    await children[0]?.answer('metrics', [{ name: 'a' }])
    await children[1]?.fail('metrics', 'not now')
    t.strictSame(await asked, [
      { id: 1, snapshot: [{ name: 'a' }] },
      { id: 2, snapshot: undefined },
    ])
    fleet.reopenAudit()
    t.ok(children.every(({ got }) => got.at(-1)?.kind === 'reopen'))
  },
)

t.test('a sign-out is answered when every process has taken note of it, or has had its time', async (t) => {
  for (const isAnswered of [true, false]) {
    const { children, started, sleepers } = setUp()
    await started()
    const [one, other] = children
    one?.say({ postern: 'ask', number: 7, kind: 'end', payload: {} })
    await one?.answer('settled')
    await other?.gets('settled')
    await new Promise(setImmediate)
    t.notOk(
      one?.got.some(({ postern }) => postern === 'answer'),
      'one of them may still let it in',
    )
    if (isAnswered) await other?.answer('settled')
    else sleepers.at(-1)?.wake()
    await new Promise(setImmediate)
    t.match(one?.got.at(-1), { postern: 'answer', number: 7 })
  }
})
