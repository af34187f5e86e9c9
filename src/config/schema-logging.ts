import { z } from 'zod'
import { documented } from './documented.ts'

/** The `logging` section. */
export const loggingSchema = z.strictObject({
  level: documented(z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).prefault('info'), {
    type: 'fatal, error, warn, info, debug, trace or silent',
    meaning: 'The least important messages that are still written.',
    example: 'debug',
  }),
  format: documented(z.enum(['auto', 'json', 'pretty']).prefault('auto'), {
    type: 'auto, json or pretty',
    meaning: 'How a message is written: `auto` is `pretty` on a terminal and `json` elsewhere.',
    example: 'json',
  }),
})
