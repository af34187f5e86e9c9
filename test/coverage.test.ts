import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import t from 'tap'

const built = fileURLToPath(new URL('../src/', import.meta.url))

/** Running is what it does when it is loaded. */
const program = 'main.js'

/** Coverage counts only what is loaded, so a file that no test uses would go unnoticed. */
t.test('every file of src is loaded, so that coverage counts it', async (t) => {
  const files = readdirSync(built, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.js'),
  )
  t.ok(files.length > 100)
  for (const file of files) {
    if (file === program) execFileSync(process.execPath, [`${built}${file}`, '--version'])
    else await import(pathToFileURL(`${built}${file}`).href)
  }
})
