import { button, layout, type Page, type PageFacts } from './layout.ts'

/** 400: a request target, Host or header block that is refused rather than repaired. */
export function badRequestPage(facts: PageFacts): Page {
  return layout(facts, {
    status: 400,
    title: 'This request is not valid',
    detail: 'The address or the headers of this request are not in a form that can be passed on safely.',
    body: 'If you typed the address, check it for stray characters. If you followed a link, the link is broken.',
    action: button('/', 'Go to the start page'),
  })
}
