/**
 * The exports of `load.ts`, out of a file for each family, which is read when it is first asked for; networks are made of this copy's
 * layers.
 */

import { createRequire } from 'node:module'
import { describePicture } from '../image/presets.js'
import * as layers from '../layers/index.js'
import * as options from '../layers/options.js'
import { packageRoot } from '../package-files.js'
import { Tensor } from '../tensor.js'
import type { ZooBuilder } from './architecture.js'

type Exports = Readonly<Record<string, unknown>>

/** A file of the zoo as a function of what it imports from. */
type Family = (require: (specifier: string) => Exports) => Exports

const core: Exports = { ...layers, ...options, Tensor, describePicture }
const families = new Map<string, Exports>()

const read = (file: string): unknown => createRequire(packageRoot())(`./dist/zoo/${file}`)

/** What `./FILE.js` exports; the library's own for what lies outside of the zoo. */
const load = (specifier: string): Exports => {
  if (!specifier.startsWith('./')) return core
  const file = specifier.slice(2).replace(/js$/, 'cjs')
  const exports = families.get(file) ?? (read(file) as Family)(load)
  families.set(file, exports)
  return exports
}

let fileOf: ReadonlyMap<string, string> | undefined

/** The family file of every network. */
const files = (): ReadonlyMap<string, string> => {
  fileOf ??= new Map(Object.entries(read('families.json') as Record<string, string>))
  return fileOf
}

const buildersIn = (file: string) => Object.values(load(`./${file}.js`)) as readonly ZooBuilder[]

export const loadBuilders = (): readonly ZooBuilder[] => [...new Set(files().values())].flatMap(buildersIn)

export const builderNames = (): readonly string[] => [...files().keys()]

export const loadBuilder = (name: string): ZooBuilder | undefined => {
  const file = files().get(name)
  return file === undefined ? undefined : buildersIn(file).find(({ architecture }) => architecture.name === name)
}
