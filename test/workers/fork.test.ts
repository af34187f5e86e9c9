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
