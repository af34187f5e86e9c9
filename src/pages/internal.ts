import { layout, type Page, type PageFacts } from './layout.ts'

/** 500: our own fault, with nothing said about it but the request id. */
export function internalPage(facts: PageFacts): Page {
  return layout(facts, {
    status: 500,
    title: 'Something went wrong',
    detail: 'The gateway in front of this site made a mistake. It is not your fault.',
    body: 'Please try again. If it happens once more, tell whoever runs this site, with the request number below.',
  })
}
