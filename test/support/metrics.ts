import { get } from 'node:http'
import type { Gateway } from './gateway.ts'

/** The text that a URL is answered with. */
export async function textAt(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (part: string) => {
        text += part
      })
      response.on('end', () => resolve(text))
    }).on('error', reject)
  })
}

/** The samples of a scrape by series, such as `postern_requests_total{rule="none",status="200"}`. */
export type Samples = ReadonlyMap<string, number>

/** Reads the text format of Prometheus, as far as it is used here. */
export function samplesIn(text: string): Samples {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => {
      const end = line.lastIndexOf(' ')
      return [line.slice(0, end), Number(line.slice(end + 1))]
    }),
  )
}

/** Scrapes a gateway. */
export async function scrape({ admin }: Pick<Gateway, 'admin'>): Promise<Samples> {
  return samplesIn(await textAt(`${admin}/metrics`))
}
