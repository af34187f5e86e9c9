import { html } from './html.ts'
import { button, layout, type Page, type PageFacts } from './layout.ts'

/** What went wrong with the service behind us: not reached, broken answer, no answer in time. */
export type UpstreamFailure = 'unreachable' | 'invalid' | 'timeout'

const failures = {
  unreachable: { status: 502, detail: 'The service behind this address cannot be reached at the moment.' },
  invalid: { status: 502, detail: 'The service behind this address gave an answer that cannot be used.' },
  timeout: { status: 504, detail: 'The service behind this address did not answer in time.' },
} as const satisfies Record<UpstreamFailure, { status: number; detail: string }>

/** 502 or 504 by cause; `retryUrl`, an absolute URL of ours, is set for a request that is safe to repeat. */
export function upstreamDownPage(
  facts: PageFacts & Readonly<{ failure: UpstreamFailure; retryUrl?: string }>,
): Page {
  return layout(facts, {
    ...failures[facts.failure],
    title: 'The service is not available',
    body: html`<p class="quiet">Wait a moment, then try again. If it stays like this,
tell whoever runs this site, with the request number below.</p>`,
    ...(facts.retryUrl !== undefined && { action: button(facts.retryUrl, 'Try again') }),
  })
}
