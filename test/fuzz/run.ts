import { fuzz } from './target.ts'
import { targets } from './targets.ts'

// The long run: `npm run fuzz [-- NAME …]`. POSTERN_FUZZ_RUNS says how many cases each target gets, or
// POSTERN_FUZZ_MINUTES how long; POSTERN_FUZZ_SEED repeats a run.
const { POSTERN_FUZZ_RUNS: runs, POSTERN_FUZZ_MINUTES: minutes, POSTERN_FUZZ_SEED: seed } = process.env
const wanted = process.argv.slice(2)
const effort = {
  runs: Number(runs ?? (minutes === undefined ? 200_000 : 1_000_000_000)),
  ms: minutes === undefined ? undefined : Number(minutes) * 60_000,
  seed: seed === undefined ? undefined : Number(seed),
}

const say = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

for (const target of targets.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  const started = performance.now()
  const { runs, seed, reached, failure } = await fuzz(target, effort)
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  const result = failure === undefined ? 'nothing found' : 'FAILED'
  say(`${target.name}: ${runs} cases in ${seconds} s, ${reached} of them accepted, seed ${seed}: ${result}`)
  if (failure === undefined) continue
  say(failure)
  process.exitCode = 1
}
