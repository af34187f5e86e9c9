import { z } from 'zod'
import { documented } from './documented.ts'
import { durationUnit, shortDurationOrNone } from './duration.ts'
import { percentageOrNone } from './percentage.ts'

/** The `server.overload` section: from where on requests are refused, so that those under way are not harmed. */
export const overloadSchema = z.strictObject({
  event_loop_delay: documented(shortDurationOrNone.prefault('500ms'), {
    type: 'duration, or none',
    unit: durationUnit,
    meaning:
      'How late this process may be with everything it does, on average over a second. Each request waits that long several times.',
    example: '200ms',
  }),
  memory: documented(percentageOrNone.prefault('95%'), {
    type: 'percentage, or none',
    unit: 'percent',
    meaning:
      'How much of its memory the process may use: of the heap of Node.js, or of the limit of the container.',
    example: '80%',
  }),
})
