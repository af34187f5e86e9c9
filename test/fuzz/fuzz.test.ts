import t from 'tap'
import { fuzz } from './target.ts'
import { targets } from './targets.ts'

for (const target of targets) {
  t.test(`${target.name}: a short run finds nothing`, async (t) => {
    const { failure, runs, reached } = await fuzz(target, { runs: target.shortRuns })
    t.equal(failure, undefined)
    t.equal(runs, target.shortRuns)
    t.ok(reached > 0, `${reached} cases were accepted`)
  })
}
