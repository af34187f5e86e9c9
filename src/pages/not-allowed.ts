import { button, layout, type Page, type PageFacts } from './layout.ts'

/** 403: another proxy asked whether a request may pass that nobody, or not this person, may make. */
export function notAllowedPage(facts: PageFacts): Page {
  return layout(facts, {
    status: 403,
    title: 'You cannot go there',
    detail: 'This address is not open to you, or nothing is served at it.',
    body: 'If you followed a link, the link may be old. If you need access, ask whoever runs this site.',
    action: button('/', 'Go to the start page'),
  })
}
