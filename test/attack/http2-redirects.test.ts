import { http2 } from './delivery.ts'
import { runRedirects } from './redirects.ts'

runRedirects(http2)
