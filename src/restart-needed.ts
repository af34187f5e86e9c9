import { isDeepStrictEqual } from 'node:util'
import type { Config } from './config/schema.ts'

/** Where a process listens and how it writes its log is fixed when it starts. */
const fixed = {
  'server.listen': ({ server }: Config) => server.listen,
  'server.tls': ({ server }: Config) => server.tls !== undefined,
  'server.workers': ({ server }: Config) => server.workers,
  'admin.listen': ({ admin }: Config) => admin.listen,
  'admin.metrics': ({ admin }: Config) => admin.metrics,
  'logging.format': ({ logging }: Config) => logging.format,
}

/** The keys in which two configurations differ and that a running process cannot change. */
export function changesThatNeedRestart(current: Config, next: Config): readonly string[] {
  return Object.entries(fixed)
    .filter(([, read]) => !isDeepStrictEqual(read(current), read(next)))
    .map(([key]) => key)
}
