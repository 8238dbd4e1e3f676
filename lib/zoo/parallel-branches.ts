/** Blocks whose parallel convolutions of one value are trained apart and computed as one. */

import { type AnySym, add, batchNorm, identity, type Layer, module, relu } from '../layers/index.js'
import { convNorm } from './blocks.js'

interface BranchOptions {
  readonly kernel: number
  readonly stride: number
  readonly groups: number
}

/** A convolution and batch norm; children `conv` and `bn`. */
export const branch = (width: number, options: BranchOptions): Layer =>
  convNorm(width, { ...options, activation: identity }) as Layer

/** What the sum of the branches goes through: attention, then ReLU. */
interface SumOptions {
  /** Adds a norm of the input, the child `identity`. */
  readonly hasIdentity: boolean
  readonly attention?: Layer
}

/** The branches in their order, by name or in lists by name, and perhaps the input. */
export const parallelBranches = (
  branches: Readonly<Record<string, Layer | readonly Layer[]>>,
  { hasIdentity, attention }: SumOptions,
): Layer => {
  const all = [...Object.values(branches).flat(), ...(hasIdentity ? [batchNorm() as Layer] : [])]
  const children = {
    ...branches,
    ...(hasIdentity ? { identity: all.at(-1) as Layer } : {}),
    ...(attention ? { attn: attention } : {}),
  }
  return module(children, (x: AnySym) => {
    const sum = all.map((layer) => layer(x)).reduce((total, value) => add(total, value) as AnySym)
    return relu(attention?.(sum) ?? sum)
  })
}
