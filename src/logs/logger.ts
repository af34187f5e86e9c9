import { type DestinationStream, type Level, type LogFn, type Logger, pino } from 'pino'
import { prettyFactory } from 'pino-pretty'
import { escapeControls } from './sanitise.ts'
import { describeError, serializers } from './serializers.ts'

type LoggerOptions = Readonly<{
  level: Level | 'silent'
  /** `auto` is pretty on a terminal and JSON elsewhere. */
  format: 'auto' | 'json' | 'pretty'
  isTerminal: boolean
  /** Other processes write to the same destination: no write is longer than a pipe takes as a whole. */
  isShared?: boolean
  /** A file descriptor, standard output by default, or any stream of lines. */
  destination?: number | DestinationStream
}>

/** The log of the process. */
export type Log = Readonly<{
  logger: Logger
  /** Writes a line that is none of the logger's, as it is, in turn with those that are. */
  write: (line: string) => void
  close: () => void
}>

/** Bytes gathered before a write, and the longest they may wait, in milliseconds. */
const ownChunks = { minLength: 16_000 }
const flushMs = 250

/** What is written to a pipe in one piece at most (`PIPE_BUF`, pipe(7)): lines of several processes do not mix then. */
const sharedChunks = { minLength: 3_072, maxWrite: 4_096 }

/**
 * The logger of the process. Lines are buffered a quarter of a second at most; `close` writes what is left.
 * Headers and secrets cannot be logged by name, and no value can break a line or reach the terminal as a control sequence.
 */
export function createLogger(options: LoggerOptions): Log {
  const { level, format, isTerminal, isShared = false, destination = 1 } = options
  const { stream, close } =
    typeof destination === 'number'
      ? openBuffered(destination, isShared)
      : { stream: destination, close() {} }
  const isPretty = format === 'auto' ? isTerminal : format === 'pretty'
  const settings = { level, base: null, serializers, hooks: { logMethod, streamWrite } }
  const logger = pino(settings, isPretty ? prettified(stream, isTerminal) : stream)
  return Object.freeze({ logger, write: (line: string) => stream.write(line), close })
}

/** pino and Fastify repeat an error's own message as that of the line; there it must be the scrubbed one. */
function logMethod(this: Logger, args: Parameters<LogFn>, method: LogFn): void {
  const [first, message] = args as unknown[]
  const error = first instanceof Error ? first : (first as { err?: unknown } | undefined)?.err
  const isOwnMessage = error instanceof Error && (message === undefined || message === error.message)
  if (!isOwnMessage) {
    method.apply(this, args)
    return
  }
  const fields = first === error ? { err: error } : (first as object)
  method.apply(this, [fields, describeError(error).message])
}

function streamWrite(line: string): string {
  return `${escapeControls(line.slice(0, -1))}\n`
}

function openBuffered(fd: number, isShared: boolean): { stream: DestinationStream; close: () => void } {
  const size = isShared ? sharedChunks : ownChunks
  const stream = pino.destination({ dest: fd, sync: false, ...size })
  const timer = setInterval(() => stream.flush(), flushMs)
  timer.unref()
  const close = () => {
    clearInterval(timer)
    stream.flushSync()
  }
  return { stream, close }
}

/** Lines for people; strings are made visible before pino-pretty prints them as they are. */
function prettified(stream: DestinationStream, colorize: boolean): DestinationStream {
  const prettify = prettyFactory({ colorize, translateTime: 'SYS:HH:MM:ss.l', singleLine: true })
  return { write: (line) => stream.write(prettify(JSON.parse(line, visible))) }
}

function visible(key: string, value: unknown): unknown {
  // The line ends of a stack are ours.
  if (typeof value !== 'string') return value
  return key === 'stack' ? value.split('\n').map(escapeControls).join('\n') : escapeControls(value)
}
