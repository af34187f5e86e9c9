/** The demo cannot run, for a reason that its message tells and a person can change. */
export class DemoError extends Error {}
