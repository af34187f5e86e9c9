import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import Fastify from 'fastify'
import t from 'tap'
import { createLogger } from '../../src/logs/logger.ts'

const secret = 'k7Jx0Vq2mZr8Tn4Bc6Lw1Yd3Ps5Gf9HaKe'

function recorder() {
  const lines: string[] = []
  return { lines, destination: { write: (line: string) => void lines.push(line) } }
}

t.test('a value cannot break a JSON line or bring a control character', async (t) => {
  const { lines, destination } = recorder()
  const { logger, close } = createLogger({ level: 'info', format: 'auto', isTerminal: false, destination })
  const hostile = 'a\r\n{"level":50}\u001b[31m\u009b1m\u2028\u202e\u007f'
  logger.info({ host: hostile, nested: { host: hostile } }, hostile)
  close()
  t.equal(lines.length, 1)
  t.match(lines[0], /^[^\p{Cc}\u2028\u202e]*\n$/u)
  t.match(JSON.parse(lines[0] as string), { host: hostile, nested: { host: hostile }, msg: hostile })
})

t.test('a pretty line stays one line and its values cannot drive the terminal', async (t) => {
  const { lines, destination } = recorder()
  const { logger } = createLogger({ level: 'info', format: 'pretty', isTerminal: false, destination })
  logger.info({ host: 'a\n\u001b[31m\u009b' }, 'b\r\n\u001b[2J\u009b')
  t.match(lines.join(''), /^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: b\\u000d\\u000a\\u001b\[2J\\u009b [^\p{Cc}]*\n$/u)
})

t.test('a pretty error shows its stack on lines of its own, and only our line ends', async (t) => {
  const { lines, destination } = recorder()
  const { logger } = createLogger({ level: 'info', format: 'pretty', isTerminal: false, destination })
  logger.error(new Error('first\nsecond\u001b[2J'))
  const text = lines.join('')
  t.match(text, /\n {4,}at /)
  t.notMatch(text, '\u001b')
})

t.test('auto is pretty and coloured on a terminal', async (t) => {
  const { lines, destination } = recorder()
  createLogger({ level: 'info', format: 'auto', isTerminal: true, destination }).logger.info('hello')
  t.match(lines[0], '\u001b[32mINFO\u001b[39m')
})

t.test('the level holds', async (t) => {
  const { lines, destination } = recorder()
  const { logger } = createLogger({ level: 'warn', format: 'json', isTerminal: true, destination })
  logger.info('no')
  logger.warn('yes')
  t.equal(lines.length, 1)
  t.match(JSON.parse(lines[0] as string), { level: 40, msg: 'yes' })
})

t.test('an error logged in any way brings neither secrets in its message nor its cause', async (t) => {
  const { lines, destination } = recorder()
  const { logger } = createLogger({ level: 'info', format: 'json', isTerminal: false, destination })
  const error = new Error(`refused ${secret}`, { cause: new Error(secret) })
  logger.error(error)
  logger.error({ err: error, note: 'kept' })
  logger.error({ err: error }, 'with a message')
  logger.error('text alone')
  logger.error(undefined)
  t.notMatch(lines.join(''), secret)
  const [first, second, third, fourth] = lines.map((line) => JSON.parse(line))
  t.match(first, { msg: 'refused [redacted]', err: { type: 'Error' } })
  t.match(second, { msg: 'refused [redacted]', note: 'kept' })
  t.match(third, { msg: 'with a message' })
  t.match(fourth, { msg: 'text alone' })
})

t.test('Fastify with this logger writes no header and no query', async (t) => {
  const { lines, destination } = recorder()
  const { logger } = createLogger({ level: 'trace', format: 'json', isTerminal: false, destination })
  const app = Fastify({ loggerInstance: logger })
  app.get('/', async (request) => {
    request.log.info({ headers: request.headers }, 'seen')
    throw new Error(`with ${secret}`)
  })
  await app.inject({
    url: `/?code=${secret}`,
    headers: { cookie: secret, authorization: `Bearer ${secret}` },
  })
  t.ok(lines.length >= 3)
  t.notMatch(lines.join(''), secret)
})

t.test('lines to a file descriptor wait at most a moment, and close writes what is left', async (t) => {
  const file = join(t.testdir(), 'log')
  const fd = openSync(file, 'a')
  t.teardown(() => closeSync(fd))
  const { logger, close } = createLogger({
    level: 'info',
    format: 'json',
    isTerminal: false,
    destination: fd,
  })
  logger.info('first')
  t.equal(readFileSync(file, 'utf8'), '')
  while (!readFileSync(file, 'utf8').includes('first')) await new Promise((resolve) => setImmediate(resolve))
  logger.info('last')
  t.notMatch(readFileSync(file, 'utf8'), 'last')
  close()
  t.match(readFileSync(file, 'utf8'), 'last')
})

t.test('standard output is the default', async (t) => {
  const { close } = createLogger({ level: 'silent', format: 'json', isTerminal: false })
  t.doesNotThrow(close)
})
