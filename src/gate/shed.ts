/** What ends something that has begun, and what frees rather than costs: served whatever there is to do. */
const spared = ['callback', 'sign_out', 'signed_out']

/**
 * Tells why a request for a path is turned away while there is too much to do; absent when it is served. A login that comes
 * back from the provider, and signing out, are always served.
 */
export type Shed = (path: string) => string | undefined

/** Builds it from what says whether there is too much to do; `onShed` is told of each that is turned away. */
export function createShed(
  prefix: string,
  overload: () => string | undefined,
  onShed: (reason: string) => void,
): Shed {
  const paths = new Set(spared.map((name) => `${prefix}/${name}`))
  return (path) => {
    const reason = overload()
    if (reason === undefined || paths.has(path)) return undefined
    onShed(reason)
    return reason
  }
}
