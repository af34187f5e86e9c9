import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { platform } from 'node:os'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'

/** A `postern` process of its own. */
export type Postern = Readonly<{
  child: ChildProcess
  stdout: () => string
  stderr: () => string
  /** Resolves when the output, of both kinds, matches; rejects when the process ends before. */
  says: (pattern: RegExp) => Promise<void>
  /** Resolves when it has ended and all it wrote was read. */
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
}>

const main = fileURLToPath(new URL('../../src/main.js', import.meta.url))

/** The program as it is shipped: bundled. */
export const shipped = fileURLToPath(new URL('../../../dist/main.js', import.meta.url))

/**
 * tap has every process measure its coverage, by hooks that make its start twice as long. So `env` starts it without them, where
 * there is one, and has Node itself write down what runs, among what tap makes its report of. Not of the bundle, which would
 * tell little, and that wrongly, nor in tests of which it is not asked (.ci/coverage-map.mjs).
 */
function commandOf(program: string): string[] {
  if (platform() === 'win32') return [process.execPath]
  const isMeasured = program !== shipped && process.env['_TAPJS_PROCESSINFO_COVERAGE_'] === '1'
  const coverage = isMeasured ? [`NODE_V8_COVERAGE=${resolve('.tap/coverage')}`] : []
  return ['env', '-u', 'NODE_OPTIONS', ...coverage, process.execPath]
}

type Options = { env?: NodeJS.ProcessEnv; nodeArgs?: readonly string[]; program?: string }

/** Starts the command line as people do; the process is killed when the test ends before it does. */
export function startPostern(
  t: Test,
  args: readonly string[],
  { env = {}, nodeArgs = [], program = main }: Options = {},
): Postern {
  const [command = '', ...before] = commandOf(program)
  const child = spawn(command, [...before, ...nodeArgs, program, ...args], {
    env: {
      ...process.env,
      NODE_ENV: undefined,
      POSTERN_CONFIG: undefined,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text) => {
    out += text
    child.emit('said')
  })
  child.stderr.setEncoding('utf8').on('data', (text) => {
    err += text
    child.emit('said')
  })
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal }))
  const says = async (pattern: RegExp) => {
    while (!pattern.test(out + err)) {
      const end = await Promise.race([once(child, 'said').then(() => undefined), ended])
      if (end && !pattern.test(out + err))
        throw new Error(`ended before it said ${pattern}: ${JSON.stringify({ ...end, out, err })}`)
    }
  }
  return { child, stdout: () => out, stderr: () => err, says, ended }
}

/** Runs the command line to its end. */
export async function runPostern(...given: Parameters<typeof startPostern>) {
  const postern = startPostern(...given)
  const { code } = await postern.ended
  return { code, stdout: postern.stdout(), stderr: postern.stderr() }
}

/** Takes a port until the test ends. */
export async function takePort(t: Test): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  return (server.address() as { port: number }).port
}
