/** Names up to this length are told whatever is in them. */
const short = 16

/**
 * A key as a problem may tell it: what does not look like a name may hold a secret, as in `{ client_secret hunter2 }`,
 * where a colon is missing, or a key that stands where its list should be.
 */
export function shownName(name: string): string {
  if (name.length <= short || /^(?:[\w.-]{1,40}|https?:\/\/[^\s=@?#]+)$/.test(name)) return name
  const [word = ''] = /^[\w.-]{1,24}(?=[\s=:])/.exec(name) ?? []
  return `${word}…`
}
