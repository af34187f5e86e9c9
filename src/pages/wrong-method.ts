import { html } from './html.ts'
import { button, layout, type Page, type PageFacts } from './layout.ts'

/** 405: the path is served, the method is not; `allowed` is what the Allow header says. */
export function wrongMethodPage(
  facts: PageFacts & Readonly<{ method: string; allowed: readonly string[] }>,
): Page {
  const names = facts.allowed.map((method, index) => html`${index > 0 ? ', ' : ''}<code>${method}</code>`)
  return layout(facts, {
    status: 405,
    title: 'Not possible at this address',
    detail: `This address does not take ${facts.method} requests.`,
    body: html`<p class="quiet">It takes ${names}.</p>`,
    action: button('/', 'Go to the start page'),
  })
}
