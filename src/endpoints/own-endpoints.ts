import { resourceMetadataPath } from '../core/protected-resource.ts'

/** What of a configuration says which endpoints there are. */
type Features = Readonly<{
  prefix: string
  hasProvider: boolean
  hasCheck: boolean
  hasBearer: boolean
}>

/** Those of people who sign in and out, each with its methods. */
const ofSessions: Readonly<Record<string, readonly string[]>> = {
  start: ['GET'],
  sign_in: ['GET'],
  callback: ['GET'],
  userinfo: ['GET'],
  session: ['GET'],
  sign_out: ['POST', 'GET'],
  signed_out: ['GET'],
}

/** An endpoint that the gateway answers itself; without `methods` it takes any. */
export type OwnEndpoint = Readonly<{ path: string; methods?: readonly string[] }>

/** The endpoint of ours that a path is, if it is one. */
export function ownEndpoint(path: string, features: Features): OwnEndpoint | undefined {
  const { prefix, hasProvider, hasCheck, hasBearer } = features
  if (hasBearer && (path === resourceMetadataPath || path.startsWith(`${resourceMetadataPath}/`))) {
    return { path: resourceMetadataPath, methods: ['GET', 'HEAD', 'OPTIONS'] }
  }
  if (!path.startsWith(`${prefix}/`)) return undefined
  const name = path.slice(prefix.length + 1)
  if (hasCheck && (name === 'auth' || name.startsWith('auth/'))) return { path: `${prefix}/auth` }
  const renew = hasCheck && name === 'renew' ? ['GET'] : undefined
  const methods = hasProvider ? (ofName(name) ?? renew) : undefined
  return methods && { path, methods }
}

function ofName(name: string): readonly string[] | undefined {
  return Object.hasOwn(ofSessions, name) ? ofSessions[name] : undefined
}
