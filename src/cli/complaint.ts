import { ConfigError } from '../config/problem.ts'
import { DemoError } from '../demo/demo-error.ts'
import { badConfiguration } from './exit-code.ts'
import { UsageError } from './usage-error.ts'

/** What went wrong, for a person: a stack trace only for what nobody foresaw. */
export function complaintOf(error: unknown): string {
  if (error instanceof ConfigError) return error.message
  if (error instanceof UsageError) return `error: ${error.message}\n(postern --help tells more)`
  return `postern: ${isForeseen(error) ? told(error) : String((error as Error).stack)}`
}

/** How the process ends after an error: 78 for a configuration, 1 for everything else. */
export function exitCodeOf(error: unknown): number {
  return error instanceof ConfigError ? badConfiguration : 1
}

/** The operating system said no, or the demo did: the message says all there is to know. */
function isForeseen(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof DemoError || (error as NodeJS.ErrnoException).syscall !== undefined
}

function told({ message, code }: NodeJS.ErrnoException): string {
  return code === 'EADDRINUSE' ? `${message} (is it running already?)` : message
}
