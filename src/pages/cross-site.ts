import { html } from './html.ts'
import { button, layout, type Page, type PageFacts } from './layout.ts'

/** 403: another site asked for something to be changed in the name of the signed-in person. */
export function crossSitePage(facts: PageFacts): Page {
  return layout(facts, {
    status: 403,
    title: 'Stopped for your safety',
    detail: 'This request came from another site and would have changed something here in your name.',
    body: 'Nothing was changed. If you meant to do this, open the site itself and do it there.',
    action: button('/', 'Go to the start page'),
    operator: html`<ul><li>To let another origin do this, name it in <code>allowed_origins</code> of the
rule.</li></ul>`,
  })
}
