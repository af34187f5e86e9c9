import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, renameSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { openLineStream } from '../../src/audit/stream.ts'

/** A stream, what it logged, what it reported, and its file. */
function open(t: Test, options: { target?: string; maxWaiting?: number } = {}) {
  const file = join(t.testdir(), 'audit.jsonl')
  if (options.target !== undefined) symlinkSync(options.target, file)
  const logged: string[] = []
  const failures: string[] = []
  const note = (level: string) => (fields: { err?: { code?: string } }, message: string) =>
    void logged.push([level, message, fields.err?.code].filter(Boolean).join(' '))
  const stream = openLineStream({
    file,
    logger: { error: note('error'), info: note('info') } as never,
    onFailure: (failure) => failures.push(failure),
    ...(options.maxWaiting !== undefined && { maxWaiting: options.maxWaiting }),
  })
  const until = async (isSo: () => boolean) => {
    while (!isSo()) await setImmediate()
  }
  return { stream, file, logged, failures, until }
}

const opened = 'info the audit file was opened anew'
const again = 'info the audit file is written again'
const cannot = 'error the audit file cannot be written; requests go on without ENOSPC'

t.test('lines are appended in order, and all of them are there after closing', async (t) => {
  const { stream, file } = open(t)
  for (let i = 0; i < 5_000; i += 1) stream.write(`line ${i}\n`)
  await stream.close()
  t.equal(readFileSync(file, 'utf8'), Array.from({ length: 5_000 }, (_, i) => `line ${i}\n`).join(''))
})

t.test('what was there stays', async (t) => {
  const file = join(t.testdir({ 'audit.jsonl': 'before\n' }), 'audit.jsonl')
  const stream = openLineStream({ file, logger: {} as never, onFailure: t.fail })
  stream.write('after\n')
  await stream.close()
  t.equal(readFileSync(file, 'utf8'), 'before\nafter\n')
})

t.test(
  'a full disk is told once, and what waited is written in order when there is room again',
  async (t) => {
    const { stream, file, logged, failures, until } = open(t, { target: '/dev/full' })
    for (const line of ['1\n', '2\n', '3\n']) {
      const before = failures.length
      stream.write(line)
      await until(() => failures.length > before)
    }
    t.strictSame(new Set(failures), new Set(['write-failed']))
    t.strictSame(logged, [cannot])
    unlinkSync(file)
    stream.reopen()
    await until(() => logged.length > 2)
    t.strictSame(logged, [cannot, opened, again])
    stream.write('4\n')
    await stream.close()
    t.equal(readFileSync(file, 'utf8'), '1\n2\n3\n4\n')
  },
)

t.test('each outage has a line of its own', async (t) => {
  const { stream, file, logged, failures, until } = open(t, { target: '/dev/full' })
  const outages = () => logged.filter((line) => line === cannot).length
  stream.write('1\n')
  await until(() => failures.length > 0)
  unlinkSync(file)
  stream.reopen()
  await until(() => logged.includes(again))
  t.equal(outages(), 1)
  unlinkSync(file)
  symlinkSync('/dev/full', file)
  stream.reopen()
  await until(() => {
    stream.write('2\n')
    return outages() === 2
  })
  await stream.close()
  t.equal(outages(), 2)
})

t.test('what waits is bounded: more is dropped, and counted', async (t) => {
  const { stream, failures, until } = open(t, { target: '/dev/full', maxWaiting: 64 })
  stream.write(`${'x'.repeat(60)}\n`)
  await until(() => failures.length > 0)
  stream.write('one too many\n')
  t.equal(failures.at(-1), 'dropped')
  await stream.close()
})

t.test('closing gives up what cannot be written, and says so', async (t) => {
  const { stream, failures, until } = open(t, { target: '/dev/full' })
  stream.write('1\n')
  await until(() => failures.length > 0)
  await stream.close()
  t.equal(failures.at(-1), 'dropped')
})

t.test('after closing nothing is written any more, and nothing thrown', async (t) => {
  const { stream, file, failures } = open(t)
  stream.write('1\n')
  stream.reopen()
  const closed = stream.close()
  stream.write('2\n')
  t.strictSame(failures, ['dropped'])
  await closed
  stream.reopen()
  stream.write('3\n')
  t.equal(readFileSync(file, 'utf8'), '1\n')
})

t.test('a file that cannot be opened anew leaves the old one in use', async (t) => {
  const { stream, file, logged, failures, until } = open(t)
  stream.write('1\n')
  const gone = `${file}.gone`
  renameSync(file, gone)
  symlinkSync(join(file, 'nowhere', 'at', 'all'), file)
  stream.reopen()
  await until(() => failures.length > 0)
  t.match(logged[0], /cannot be written/)
  unlinkSync(file)
  stream.write('2\n')
  await until(() => logged.length >= 2)
  writeFileSync(file, '')
  await stream.close()
  t.equal(readFileSync(gone, 'utf8'), '1\n2\n')
})

t.test('at the end of the process nobody waits for a full disk', async (t) => {
  const stream = new URL('../../src/audit/stream.js', import.meta.url).href
  const script = `
    import { openLineStream } from ${JSON.stringify(stream)}
    const onFailure = () => process.exit(3)
    openLineStream({ file: '/dev/full', logger: { error() {} }, onFailure }).write('1\\n')`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: 'inherit' })
  t.teardown(() => child.kill('SIGKILL'))
  const [code] = await once(child, 'exit')
  t.equal(code, 3)
})

t.test('a file that cannot be opened at all is told at once', async (t) => {
  const file = join(t.testdir(), 'missing', 'audit.jsonl')
  t.throws(() => openLineStream({ file, logger: {} as never, onFailure() {} }), { code: 'ENOENT' })
})
