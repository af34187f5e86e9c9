import { http2 } from './delivery.ts'
import { runHeaders } from './headers.ts'

runHeaders(http2)
