// Writes config/postern.schema.json and config/README.md from the schema. Runs on dist/, so build first.
import { writeFileSync } from 'node:fs'
import { configJsonSchema } from '../dist/config/json-schema.js'
import { configReference } from '../dist/config/reference.js'

const config = new URL('../config/', import.meta.url)
writeFileSync(new URL('postern.schema.json', config), `${JSON.stringify(configJsonSchema(), null, 2)}\n`)
writeFileSync(new URL('README.md', config), configReference())
