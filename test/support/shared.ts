/** Files that tests read but the project does not carry: data sets, reference outputs. */

import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = process.env.IM2COL_SHARED ?? fileURLToPath(new URL('../../../shared', import.meta.url))

/** Where a shared file or folder is, whether it exists or not. */
export function sharedPath(path: string): string {
  return `${root}/${path}`
}

/** True when this machine has the shared file or folder; says aloud when it does not, because tests are skipped then. */
export function hasShared(path: string): boolean {
  const exists = existsSync(sharedPath(path))
  if (!exists) console.warn(`SKIPPED: ${sharedPath(path)} is missing (IM2COL_SHARED names the folder that has it)`)
  return exists
}
