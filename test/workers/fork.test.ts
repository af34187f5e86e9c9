import cluster from 'node:cluster'
import t from 'tap'
import { forkWorker } from '../../src/workers/fork.ts'

t.test('of a process that cannot even begin it is told that it ended', async (t) => {
  const { execPath } = process
  t.teardown(() => {
    process.execPath = execPath
  })
  process.execPath = '/nowhere/node'
  const { pid, onExit } = forkWorker()
  t.equal(pid, undefined)
  t.match(await new Promise((resolve) => onExit(resolve)), 'ENOENT')
})

t.test('one that cannot be spoken to any more is ended', async (t) => {
  const { onExit } = forkWorker()
  const how = new Promise((resolve) => onExit(resolve))
  Object.values(cluster.workers ?? {})
    .at(-1)
    ?.emit('error', new Error('the channel is closed'))
  t.equal(await how, 'SIGKILL')
})
