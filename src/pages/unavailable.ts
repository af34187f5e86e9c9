import { button, layout, type Page, type PageFacts } from './layout.ts'

/** 503 with Retry-After: sign-in cannot be checked or renewed just now; the session is kept. `retryUrl` is an absolute URL of ours. */
export function unavailablePage(facts: PageFacts & Readonly<{ retryUrl?: string }>): Page {
  return layout(facts, {
    status: 503,
    title: 'Back in a moment',
    detail: 'Your sign-in cannot be checked right now, because the identity provider does not answer.',
    body: 'Nothing is lost: as soon as it answers again, you can go on where you were.',
    ...(facts.retryUrl !== undefined && { action: button(facts.retryUrl, 'Try again') }),
  })
}
