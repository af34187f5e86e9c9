import { close as closeFile, open as openFile, openSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { type Logger, pino } from 'pino'
import type { AuditFailure } from '../observer.ts'

/** Where lines go, in order. */
export type LineStream = Readonly<{
  /** Never waits, never throws. */
  write: (line: string) => void
  /** Opens the file by its name anew, after it was renamed; what is under way is finished first. */
  reopen: () => void
  /** Resolves when everything is written, or cannot be. */
  close: () => Promise<unknown>
}>

type Options = Readonly<{
  file: string
  logger: Pick<Logger, 'error' | 'info'>
  onFailure: (failure: AuditFailure) => void
  /** Bytes that may wait while the file cannot be written; 4 MiB. */
  maxWaiting?: number
}>

/** Readable by its owner alone, when it is made here. */
const mode = 0o600
/** How often what could not be written is tried again, in milliseconds, beside at each new line. */
const retryEveryMs = 1_000
/** A file system that hangs does not keep the gateway from ending for longer than this, in milliseconds. */
const closeWithinMs = 5_000

/**
 * Appends lines to a file without anybody waiting for it. What cannot be written is kept, up to a limit, and tried again in
 * order; the log has one line when that begins and one when it is over.
 * @throws when the file cannot be opened now: that is a mistake of the configuration
 */
export function openLineStream({
  file,
  logger,
  onFailure,
  maxWaiting = 4 * 1024 * 1024,
}: Options): LineStream {
  const stream = pino.destination({
    // Opened here, at once: a stream of a file name has nothing to write to when the name has changed before it opens it.
    dest: openSync(file, 'a', mode),
    append: true,
    mode,
    sync: false,
    minLength: 1,
    maxLength: maxWaiting,
    periodicFlush: retryEveryMs,
  })
  // What reopen() asks for, and only a stream of a file name has of itself.
  Object.assign(stream, { file })
  // At the end of the process pino would have it write what is left, which sonic-boom tries for ever when the disk is full.
  stream.flushSync = () => {}
  let isFailing = false
  let isClosed = false
  stream.on('error', fail)
  stream.on('drop', () => onFailure('dropped'))
  stream.on('write', (bytes: number) => {
    if (bytes === 0 || !isFailing) return
    isFailing = false
    logger.info({ file }, 'the audit file is written again')
  })

  function fail(err: Error): void {
    onFailure('write-failed')
    if (isFailing) return
    isFailing = true
    logger.error({ err, file }, 'the audit file cannot be written; requests go on without')
  }

  return {
    write(line) {
      // Somebody may have something to tell to the very end.
      if (isClosed) onFailure('dropped')
      else stream.write(line)
    },
    reopen() {
      // First by itself: sonic-boom forgets which file to close when it cannot open the new one.
      openFile(file, 'a', mode, (error, fd) => {
        if (error !== null) return fail(error)
        closeFile(fd, () => {
          if (isClosed) return
          stream.once('ready', () => logger.info({ file }, 'the audit file was opened anew'))
          stream.reopen()
        })
      })
    },
    close() {
      isClosed = true
      // What cannot be written now is lost.
      stream.once('error', () => {
        onFailure('dropped')
        stream.destroy()
      })
      const closed = new Promise((resolve) => stream.once('close', resolve))
      stream.end()
      return Promise.race([closed, delay(closeWithinMs, undefined, { ref: false })])
    },
  }
}
