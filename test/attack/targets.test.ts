import { http1 } from './delivery.ts'
import { runTargets } from './targets.ts'

runTargets(http1)
