import { http1 } from './delivery.ts'
import { runHeaders } from './headers.ts'

runHeaders(http1)
