#!/usr/bin/env node
import { complaintOf, exitCodeOf } from './cli/complaint.ts'
import { createProgram } from './cli/program.ts'

try {
  await createProgram().parseAsync()
} catch (error) {
  process.stderr.write(`${complaintOf(error)}\n`)
  process.exitCode = exitCodeOf(error)
}
