/** Modules of Node that only some calls need. Loading them takes longer than loading the library, so the first such call does it. */

import { createRequire } from 'node:module'

// Node's own modules are the same from anywhere, and a bundle may leave this file without an address.
const require = createRequire(process.execPath)

export const nodeFs = (): typeof import('node:fs') => require('node:fs')
export const nodeFsPromises = (): typeof import('node:fs/promises') => require('node:fs/promises')
export const nodeUrl = (): typeof import('node:url') => require('node:url')
export const nodeCrypto = (): typeof import('node:crypto') => require('node:crypto')
