import { z } from 'zod'
import type { ReadTextFile } from './read-text-file.ts'

/** The path of a file, read while the configuration is; the value is its text without trailing newlines. */
export function fileContent(read: ReadTextFile) {
  return z.string('must be the path of a file').transform((path, context) => {
    try {
      return read(path).replace(/[\r\n]+$/, '')
    } catch (error) {
      const message = `names a file that cannot be read: ${(error as Error).message}`
      context.issues.push({ code: 'custom', message, input: undefined })
      return z.NEVER
    }
  })
}

/** A PEM file (RFC 7468) that holds `label`, such as CERTIFICATE. */
export function pemFile(read: ReadTextFile, label: string) {
  return fileContent(read).refine(
    (content) => content.includes(`-----BEGIN `) && content.includes(`${label}-----`),
    `must name a PEM file with a ${label.toLowerCase()}`,
  )
}
