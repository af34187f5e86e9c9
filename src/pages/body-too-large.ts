import { layout, type Page, type PageFacts } from './layout.ts'

/** 413: the body of a request is longer than is accepted on its path. */
export function bodyTooLargePage(facts: PageFacts): Page {
  return layout(facts, {
    status: 413,
    title: 'This is too large',
    detail: 'What was sent is larger than is accepted here.',
    body: 'Go back and choose a smaller file, or send less at once.',
  })
}
