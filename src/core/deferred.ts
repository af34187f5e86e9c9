/** A promise and what resolves it. */
export type Deferred = Readonly<{ promise: Promise<void>; resolve: () => void }>

/** Makes a promise that somebody else resolves. */
export function deferred(): Deferred {
  let resolve!: () => void
  const promise = new Promise<void>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
