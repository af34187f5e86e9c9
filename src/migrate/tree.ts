/** A variable of the environment that somebody has to set; everything else in the tree stands for itself. */
export type Variable = Readonly<{ variable: string }>

/** A value of the configuration to be. Keys that are undefined are left out. */
export type Tree = string | number | boolean | Variable | readonly Tree[] | Branch

/** A map of the configuration to be. */
export type Branch = { readonly [key: string]: Tree | undefined }

/** Makes a place for what only a person can fill in; it fails `postern check` until then. */
export function variable(name: string): Variable {
  return { variable: name }
}

/** Tells a variable from a map. */
export function isVariable(tree: Tree): tree is Variable {
  return typeof tree === 'object' && 'variable' in tree && typeof tree.variable === 'string'
}

/** The map, or nothing where it is empty. */
export function unlessEmpty<T extends object>(branch: T): T | undefined {
  return Object.values(branch).some((value) => value !== undefined) ? branch : undefined
}
