import { button, layout, type Page, type PageFacts } from './layout.ts'

/** 404: no rule names this path. */
export function notFoundPage(facts: PageFacts): Page {
  return layout(facts, {
    status: 404,
    title: 'There is nothing here',
    detail: 'No page is served at this address.',
    action: button('/', 'Go to the start page'),
  })
}
