import { DemoError } from './demo-error.ts'

/** Refuses to run a part of the demo where it could be taken for the real thing. */
export function refuseProduction(part: string): void {
  const { NODE_ENV } = process.env
  if (NODE_ENV !== 'production') return
  throw new DemoError(`${part} is for trying things out and refuses to run with NODE_ENV=production`)
}

/** Loads a package that production installations leave out. */
export async function loadDevelopment<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (cause) {
    const hint = 'run the demo from a checkout, after npm ci without --omit=dev'
    throw new DemoError(`the demo needs the development dependency ${name}: ${hint}`, { cause })
  }
}

/**
 * Runs something while console warnings and notices are dropped: oidc-provider prints some when it is loaded and
 * built, about its in-memory store and the like, which is just what a demo wants.
 */
export async function withoutWarnings<T>(run: () => Promise<T>): Promise<T> {
  const { info, warn } = globalThis.console
  Object.assign(globalThis.console, { info() {}, warn() {} })
  try {
    return await run()
  } finally {
    Object.assign(globalThis.console, { info, warn })
  }
}
