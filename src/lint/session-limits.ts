import type { Source } from '../config/load.ts'
import type { Finding } from '../config/problem.ts'

const day = 86_400_000

/** Finds sessions that outlive what a lost device or a copied cookie should. */
export function findSessionLimits({ config }: Source): readonly Finding[] {
  const { absolute_lifetime, idle_timeout } = config.session
  return [
    ...(absolute_lifetime > 30 * day
      ? [
          {
            path: ['session', 'absolute_lifetime'],
            message: 'is longer than 30d, and as long may a copied cookie work; write 30d or less',
          },
        ]
      : []),
    ...(idle_timeout === 'none' && absolute_lifetime > day
      ? [
          {
            path: ['session', 'idle_timeout'],
            message:
              'is none while "absolute_lifetime" is more than a day: who leaves a browser stays signed in for all that time; write a duration like 1h, or a shorter lifetime',
          },
        ]
      : []),
  ]
}
