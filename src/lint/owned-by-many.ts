/** Second-level names under which registries of countries give names to everybody. */
const generic = 'ac|co|com|edu|go|gob|gov|govt|gv|ltd|me|mil|ne|net|nom|or|org|plc|sch'

/** Countries where these are not names of somebody. */
const countries =
  'ar|at|au|bd|br|cn|co|cy|eg|gr|hk|id|il|in|jp|ke|kr|mx|my|ng|nz|pe|ph|pk|pl|pt|sa|sg|th|tr|tw|ua|uk|ve|vn|za'

const registries = new RegExp(`^(?:${generic})\\.(?:${countries})$`)

/** Hosting where every customer has a name of their own right below. */
const hosting: ReadonlySet<string> = new Set([
  ...['amazonaws.com', 'azurewebsites.net', 'cloudapp.net', 'cloudfront.net', 'elasticbeanstalk.com'],
  ...['firebaseapp.com', 'fly.dev', 'github.io', 'gitlab.io', 'herokuapp.com', 'netlify.app', 'ngrok.io'],
  ...['ngrok.app', 'ngrok-free.app', 'onrender.com', 'pages.dev', 'run.app', 'trycloudflare.com'],
  ...['vercel.app', 'web.app', 'workers.dev'],
])

/**
 * Tells whether names below a domain belong to many: a top-level domain, a well-known public suffix. A short list of
 * those that people do write, and not the whole Public Suffix List: `false` may be wrong, `true` is not.
 */
export function isOwnedByMany(domain: string): boolean {
  return !domain.includes('.') ? domain !== 'localhost' : registries.test(domain) || hosting.has(domain)
}
