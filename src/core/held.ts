/** A part that several configurations may use, one after the other and for a while at once. */
export type Held<Part> = Readonly<{
  part: Part
  /** Says that one more uses it; throws when it was closed. */
  hold: () => Held<Part>
  /** Says that one less uses it; the last one closes it, and waits for that. */
  release: () => Promise<void>
}>

/** Makes a part whose first user is the caller. */
export function held<Part>(part: Part, close: (part: Part) => Promise<void>): Held<Part> {
  let users = 1
  const self: Held<Part> = Object.freeze({
    part,
    hold() {
      if (users === 0) throw new Error('what is to be shared was closed')
      users += 1
      return self
    },
    async release() {
      users -= 1
      if (users === 0) await close(part)
    },
  })
  return self
}
