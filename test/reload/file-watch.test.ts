import { renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { fileState, fileStateSync } from '../../src/reload/file-state.ts'
import { createFileWatch } from '../../src/reload/file-watch.ts'

t.test('a change is told once, when it has come to rest', async (t) => {
  const states = new Map([
    ['a', '1'],
    ['b', '1'],
  ])
  const { watch, hasChanged } = createFileWatch(async (file) => states.get(file) as string)
  t.notOk(await hasChanged(), 'no files')
  watch(new Map(states))
  t.notOk(await hasChanged())
  states.set('b', '2')
  t.notOk(await hasChanged(), 'it may be half written')
  states.set('b', '3')
  t.notOk(await hasChanged())
  t.ok(await hasChanged())
  t.notOk(await hasChanged())
})

t.test('what changed while the files were read is a change', async (t) => {
  const { watch, hasChanged } = createFileWatch(async () => 'younger')
  watch(new Map([['a', 'as it was read']]))
  t.notOk(await hasChanged())
  t.ok(await hasChanged())
})

t.test('a file that is exchanged, removed, or behind a link that turns is another one', async (t) => {
  const folder = t.testdir({ one: { key: 'aaaa' }, two: { key: 'aaaa' }, file: 'aaaa' })
  const file = join(folder, 'file')
  const link = join(folder, 'current')
  const seen = new Set<string>()
  const look = async (path: string) => {
    const state = await fileState(path)
    t.equal(fileStateSync(path), state, 'both ways of looking see the same')
    seen.add(state)
  }
  await look(file)
  await look(file)
  t.equal(seen.size, 1)
  writeFileSync(join(folder, 'new'), 'bbbb')
  renameSync(join(folder, 'new'), file)
  await look(file)
  t.equal(seen.size, 2)
  rmSync(file)
  await look(file)
  t.ok(seen.has('absent'))
  symlinkSync('one', link)
  await look(join(link, 'key'))
  symlinkSync('two', join(folder, 'next'))
  renameSync(join(folder, 'next'), link)
  await look(join(link, 'key'))
  t.equal(seen.size, 5, 'as Kubernetes does it')
})
