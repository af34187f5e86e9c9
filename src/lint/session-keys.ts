import type { Source } from '../config/load.ts'
import type { Finding } from '../config/problem.ts'

const mostKeys = 5

/** Of 32 random bytes about 30 are different; fewer than this do not occur by chance in the life of the universe. */
const fewestDifferent = 20

const remedy = '"postern keygen" prints a random one'

/** Finds session keys that are in the file itself, not random, or too many. */
export function findWeakKeys({ config, isWritten, isLiteral }: Source): readonly Finding[] {
  const { keys } = config.session
  const list = isWritten(['session', 'keys']) ? ['session', 'keys'] : ['session', 'keys_file']
  return [
    ...(keys.length > mostKeys
      ? [
          {
            path: list,
            message: `has ${keys.length} keys, each of which opens sessions; take out those that sealed none within "absolute_lifetime"`,
          },
        ]
      : []),
    ...keys.flatMap((key, index) => {
      const path = [...list, index]
      const weakness = weaknessOf(key)
      return [
        ...(isLiteral(path)
          ? [
              {
                path,
                message: `stands in the file, and whoever may read it can make up sessions; write a variable like $\{NAME}, or "keys_file"`,
              },
            ]
          : []),
        ...(weakness === undefined
          ? []
          : [{ path, message: `key ${index + 1} is no random key, but ${weakness}; ${remedy}` }]),
      ]
    }),
  ]
}

function weaknessOf(key: Buffer): string | undefined {
  // By chance once in 10^14 keys.
  if (/^[ -~]+$/.test(key.toString('latin1'))) return 'readable text'
  if (new Set(key).size < fewestDifferent) return 'a repetition of a few bytes'
  const steps = new Set(key.subarray(1).map((byte, index) => byte - (key[index] as number)))
  return steps.size === 1 ? 'a sequence' : undefined
}
