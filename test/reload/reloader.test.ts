import t from 'tap'
import type { ReloadOutcome } from '../../src/app.ts'
import type { Config } from '../../src/config/schema.ts'
import { createLogger } from '../../src/logs/logger.ts'
import { createFileWatch } from '../../src/reload/file-watch.ts'
import { createReloader } from '../../src/reload/reloader.ts'

const problem = {
  file: 'postern.yaml',
  line: 9,
  column: 3,
  path: 'routes[0].path',
  message: 'must be a path',
}

/** A reloader whose file is whatever the test puts into `next`, and what came of it. */
function setUp() {
  const outcomes: ReloadOutcome[] = []
  const committed: unknown[] = []
  const lines: Record<string, unknown>[] = []
  let loads = 0
  const state: { next: 'good' | 'bad' | 'unusable'; onLoad: () => void; file: string } = {
    next: 'good',
    onLoad: () => {},
    file: '1',
  }
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) }
  const { logger } = createLogger({ level: 'info', format: 'json', isTerminal: false, destination })
  const watch = createFileWatch(async () => state.file)
  watch.watch(new Map([['postern.yaml', 'before']]))
  const reloader = createReloader({
    load: async () => {
      loads += 1
      const files = new Map([['postern.yaml', state.file]])
      const wanted = state.next
      state.onLoad()
      if (wanted === 'bad') return { problems: [problem], files }
      return { config: { name: wanted } as unknown as Config, files }
    },
    app: {
      prepare: async (config) => {
        const { name } = config as unknown as { name: string }
        if (name === 'unusable') throw new Error('the provider is not ready: it sleeps')
        return { commit: () => void committed.push(name), discard: async () => {} }
      },
      noteReload: (outcome) => void outcomes.push(outcome),
    },
    watch,
    logger,
    now: () => new Date(0),
  })
  return { ...reloader, state, outcomes, committed, lines, loads: () => loads }
}

t.test('a good file is in force, and the log says so', async (t) => {
  const { reload, committed, outcomes, lines } = setUp()
  await reload('signal')
  t.strictSame(committed, ['good'])
  t.strictSame(outcomes, [{ at: new Date(0), reason: undefined }])
  t.match(lines, [{ level: 30, trigger: 'signal', msg: 'the configuration was changed' }])
})

t.test('a broken file, or one that cannot be used, changes nothing, and says why', async (t) => {
  const { reload, committed, outcomes, lines, state } = setUp()
  state.next = 'bad'
  await reload('signal')
  state.next = 'unusable'
  await reload('signal')
  t.strictSame(committed, [])
  const first = 'postern.yaml:9:3  routes[0].path  must be a path'
  const second = 'the provider is not ready: it sleeps'
  t.strictSame(
    outcomes.map(({ reason }) => reason),
    [first, second],
  )
  t.match(lines, [
    { level: 50, problems: [first], msg: /was refused/ },
    { level: 50, problems: [second], msg: /was refused/ },
  ])
})

t.test('what is asked for while it runs is done once more, however often', async (t) => {
  const { reload, state, loads, committed } = setUp()
  state.onLoad = () => {
    state.onLoad = () => {}
    state.next = 'good'
    reload('signal')
    reload('signal')
  }
  state.next = 'bad'
  await reload('signal')
  t.equal(loads(), 2)
  t.strictSame(committed, ['good'])
})

t.test('a changed file is taken when it has come to rest', async (t) => {
  const { look, state, committed, loads } = setUp()
  await look()
  await look()
  t.equal(loads(), 1)
  state.file = '2'
  await look()
  t.equal(loads(), 1)
  await look()
  t.equal(loads(), 2)
  await look()
  await look()
  t.equal(loads(), 2)
  t.strictSame(committed, ['good', 'good'])
})
