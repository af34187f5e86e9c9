import { button, layout, type Page, type PageFacts } from './layout.ts'

/** 403: a page of another origin asked whether it may send a request, and may not. */
export function corsRefusedPage(facts: PageFacts): Page {
  return layout(facts, {
    status: 403,
    title: 'Not for pages of this origin',
    detail: 'The route does not allow this request from pages of this origin.',
    action: button('/', 'Go to the start page'),
  })
}
