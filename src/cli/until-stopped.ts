import { once } from 'node:events'

/** Resolves at the first SIGTERM or SIGINT; a second one ends the process as usual. */
export async function untilStopped(): Promise<void> {
  await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')])
}
