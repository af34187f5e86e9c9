/** Starting, pinning and ending the processes of a run. */
import { type ChildProcess, fork, type StdioOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, openSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { isListening } from '../support/is-listening.ts'

/** Whether what a process of the bench prints is shown. */
export type Output = 'inherit' | 'ignore'

const children = new Set<ChildProcess>()

function track(child: ChildProcess): ChildProcess {
  children.add(child)
  child.once('exit', () => children.delete(child))
  return child
}

/** A process of the bench itself that serves HTTP and said where. */
export type Served = Readonly<{
  url: string
  pid: number
  /** How it ended, if it did: an exit code or a signal. */
  ended(): number | string | undefined
  close(): Promise<void>
}>

/** Starts a file of this folder as a process on one core, or several, without waiting for anything. */
export function forkPinned(
  name: string,
  args: readonly string[],
  cores: number | readonly number[],
  output: Output,
): ChildProcess {
  const file = fileURLToPath(new URL(`./${name}.js`, import.meta.url))
  const env = { ...process.env, NODE_ENV: 'production', NODE_NO_WARNINGS: '1' }
  const stdio: StdioOptions = ['ignore', output, output, 'ipc']
  // taskset sets the core and becomes Node: the process id and the IPC channel stay the same.
  const execArgv = ['-c', String(cores), process.execPath]
  return track(fork(file, args, { execPath: 'taskset', execArgv, env, stdio }))
}

/**
 * Starts a server of this folder and waits until it has said where it listens.
 * @throws {Error} when it ends first.
 */
export async function serveFile(
  name: string,
  args: readonly string[],
  cores: number | readonly number[],
  output: Output = 'inherit',
): Promise<Served> {
  const child = forkPinned(name, args, cores, output)
  const [{ url }] = (await message(child, name)) as [{ url: string }]
  return served(child, url)
}

/**
 * Starts a server program on one core, or several, and waits until its port answers.
 * Its standard output goes to /dev/null or to the file `printed`, its errors to the file `log`.
 * @throws {Error} with the end of that file when it ends first or does not answer within 20 seconds.
 */
export async function serveProgram(
  command: readonly string[],
  port: number,
  cores: number | readonly number[],
  log: string,
  printed = '/dev/null',
): Promise<Served> {
  const output = openSync(log, 'w')
  const env = { ...process.env, NODE_ENV: 'production' }
  const stdio: StdioOptions = ['ignore', openSync(printed, 'w'), output]
  const child = track(spawn('taskset', ['-c', String(cores), ...command], { stdio, env }))
  for (let tries = 0; !(await isListening(port)); tries++) {
    if (child.exitCode !== null || tries === 400) {
      child.kill()
      throw new Error(`did not start:\n${readFileSync(log, 'utf8').slice(-2000)}`)
    }
    await pause(50)
  }
  return served(child, `http://127.0.0.1:${port}`)
}

function served(child: ChildProcess, url: string): Served {
  const ended = () => child.signalCode ?? child.exitCode ?? undefined
  return { url, pid: child.pid as number, ended, close: () => end(child) }
}

/**
 * The next message of a child process.
 * @throws {Error} when it ends instead.
 */
export async function message(child: ChildProcess, name: string): Promise<unknown[]> {
  const over = new AbortController()
  const ended = once(child, 'exit', { signal: over.signal }).then(() => {
    throw new Error(`the process ${name} ended too early`)
  })
  return Promise.race([once(child, 'message', { signal: over.signal }), ended]).finally(() => over.abort())
}

/** Ends every process that was started here and still runs. */
export async function endAll(): Promise<void> {
  await Promise.all([...children].map(end))
}

/** Ends a child process and waits for it. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill()
  await once(child, 'exit')
}

/** A port of the loopback address that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

/** The full path of a program, also from the folders of system programs that are not on every PATH. */
export function findProgram(name: string): string | undefined {
  const { PATH = '' } = process.env
  const folders = [...PATH.split(delimiter), '/usr/sbin', '/usr/local/sbin']
  return folders.map((folder) => join(folder, name)).find(isExecutable)
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
