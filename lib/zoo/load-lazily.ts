/** All builders, out of a file of their own, which is read when they are first asked for; they are made of this copy's layers. */

import { createRequire } from 'node:module'
import * as layers from '../layers/index.js'
import { Tensor } from '../tensor.js'
import type { Zoo } from './load.js'

let zoo: Zoo | undefined

export const loadZoo = (): Zoo => {
  zoo ??= createRequire(import.meta.url)('./zoo.cjs')({ ...layers, Tensor }) as Zoo
  return zoo
}
