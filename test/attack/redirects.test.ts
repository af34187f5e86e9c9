import { http1 } from './delivery.ts'
import { runRedirects } from './redirects.ts'

runRedirects(http1)
