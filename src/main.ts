#!/usr/bin/env node
import { precompiled } from './cli/precompiled.ts'

const run = precompiled(process.argv.slice(2)) ?? (await import('./cli/run.ts')).run
await run()
