import { complaintOf, exitCodeOf } from './complaint.ts'
import { createProgram } from './program.ts'

/** Does what the command line of this process says; what goes wrong is said on standard error and by the exit code. */
export async function run(): Promise<void> {
  try {
    await createProgram().parseAsync()
  } catch (error) {
    process.stderr.write(`${complaintOf(error)}\n`)
    process.exitCode = exitCodeOf(error)
  }
}
