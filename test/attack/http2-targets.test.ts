import { http2 } from './delivery.ts'
import { runTargets } from './targets.ts'

runTargets(http2)
