/** What was asked for makes no sense; the message says what to write, and is all there is to tell. */
export class UsageError extends Error {}
