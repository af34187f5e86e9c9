import { html } from './html.ts'
import { layout, type Page, type PageFacts } from './layout.ts'

/** 431: nearly always too many cookies. */
export function headersTooLargePage(facts: PageFacts): Page {
  return layout(facts, {
    status: 431,
    title: 'Your browser sends too many cookies',
    detail:
      'The headers of this request are larger than can be accepted, most likely because of old cookies.',
    body: html`<p>Clear the cookies of this site in your browser’s settings, then load the page again.
You will have to sign in once more.</p>`,
  })
}
