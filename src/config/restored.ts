import { deepFreeze } from './deep-freeze.ts'
import type { Config } from './schema.ts'

/** A configuration that came from another thread or process, where bytes lose their class and objects their frost. */
export function restored(config: Config): Config {
  const keys = config.session.keys.map((key) => Buffer.from(key))
  return deepFreeze({ ...config, session: { ...config.session, keys } })
}
