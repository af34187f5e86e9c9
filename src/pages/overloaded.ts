import { layout, type Page, type PageFacts } from './layout.ts'

/** 503 with Retry-After: the gateway itself has more to do than it can. */
export function overloadedPage(facts: PageFacts): Page {
  return layout(facts, {
    status: 503,
    title: 'Too busy right now',
    detail: 'This site has more to do at the moment than it can.',
    body: 'Nothing is lost, and nothing was done. Wait a few seconds, then load the page again.',
  })
}
