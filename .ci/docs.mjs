// Writes what config/ tells about keys, metrics and audit records, from the code as it was compiled for the tests.
import { writeFileSync } from 'node:fs'
import { auditJsonSchema } from '../build/src/audit/json-schema.js'
import { configJsonSchema } from '../build/src/config/json-schema.js'
import { configReference } from '../build/src/config/reference.js'
import { metricsReference } from '../build/src/metrics/reference.js'

const config = new URL('../config/', import.meta.url)
const json = (value) => `${JSON.stringify(value, null, 2)}\n`
writeFileSync(new URL('postern.schema.json', config), json(configJsonSchema()))
writeFileSync(new URL('README.md', config), configReference())
writeFileSync(new URL('audit.schema.json', config), json(auditJsonSchema()))
writeFileSync(new URL('metrics.md', config), metricsReference())
