/** Products of matrices, and attention made of them. */

import { ShapeError, show } from '../errors.js'
import { type AnySym, type Application, apply, type Sym } from '../graph/trace.js'
import type { MatmulShape } from '../moved-shape-types.js'
import { positiveInteger } from '../shape.js'
import { affine, softmax } from './activations.js'
import { booleanOption, knownOptions } from './options.js'
import { emitRearrange, loop, reshape } from './rearrange.js'
import { split } from './slice.js'

/**
 * Products of matrices: `[..., M, K]`, `[..., K, N]` -> `[..., M, N]`.
 *
 * With `transposeB` (false by default) the second is `[..., N, K]`. Axes before the matrices are the batch; those of size 1, or that
 * are missing, are repeated. Throws OptionError, ShapeError when the sizes do not fit.
 *
 * ```ts
 * import { matmul, model } from 'im2col'
 *
 * const net = model({ a: [8, 49, 32], b: [8, 49, 32] }, ({ a, b }) => matmul(a, b, { transposeB: true }))
 * net.outputs.output // [8, 49, 49]
 * ```
 */
export const matmul = <A, B, const Transposed extends boolean = false>(
  a: Sym<A>,
  b: Sym<B>,
  options: { readonly transposeB?: Transposed } = {},
): Sym<MatmulShape<A, B, Transposed>> => {
  const at = apply('matmul', matmul, [a, b])
  knownOptions('matmul', options, ['transposeB'])
  const transposed = booleanOption('transposeB of matmul', options.transposeB ?? false)
  const [left, right] = [a.shape as readonly number[], b.shape as readonly number[]]
  const [rows, depth] = left.slice(-2)
  const [depthB, columns] = transposed ? right.slice(-2).toReversed() : right.slice(-2)
  const batch = broadcastBatch(left.slice(0, -2), right.slice(0, -2))
  if (left.length < 2 || right.length < 2 || depth !== depthB || batch === undefined) {
    throw new ShapeError(`${at.label} takes matrices that fit but received ${show(left)} and ${show(right)}`, {
      layer: at.path,
      expected: left,
      actual: right,
    })
  }
  return at.emit('matmul', { transposed }, [...batch, rows as number, columns as number]) as never
}

/** The axes before the matrices; undefined where they do not fit. */
const broadcastBatch = (a: readonly number[], b: readonly number[]): readonly number[] | undefined => {
  const rank = Math.max(a.length, b.length)
  const sizes = Array.from({ length: rank }, (_, axis) => {
    const [left, right] = [a[axis - rank + a.length] ?? 1, b[axis - rank + b.length] ?? 1]
    return left === right || right === 1 ? left : left === 1 ? right : 0
  })
  return sizes.includes(0) ? undefined : sizes
}

export interface MultiHeadAttentionOptions {
  /** Adds learned numbers behind the projections; true by default. */
  readonly bias?: boolean
}

/**
 * Self-attention between all pixels, or all steps of a series, with `heads` heads: `[H, W, C]` -> `[H, W, C]`, `[L, C]` -> `[L, C]`.
 *
 * Weights are those of PyTorch's MultiheadAttention: `in_proj_weight` (3C, C), `in_proj_bias` (3C), `out_proj.weight` (C, C),
 * `out_proj.bias` (C). Throws OptionError at once, ShapeError when `heads` does not divide the channels. Vaswani et al.,
 * arXiv:1706.03762.
 *
 * ```ts
 * import { add, layerNorm, module, multiHeadAttention, type Sym } from 'im2col'
 *
 * const m = { norm: layerNorm(), attention: multiHeadAttention(8) }
 * const block = module(m, <X,>(x: Sym<X>) => add(m.attention(m.norm(x)), x))
 * ```
 */
export const multiHeadAttention = (
  heads: number,
  options: MultiHeadAttentionOptions = {},
): (<X>(x: Sym<X>) => Sym<X>) => {
  const type = 'multiHeadAttention'
  positiveInteger(`heads of ${type}`, heads)
  knownOptions(type, options, ['bias'])
  const bias = booleanOption(`bias of ${type}`, options.bias ?? true)
  const layer = (x: AnySym): AnySym => {
    const at = apply(type, layer, [x])
    const channels = x.shape[x.shape.length - 1] as number
    checkHeads(at, x, heads)
    const flat = x.shape.length === 2 ? x : toRows(x)
    const project = (value: AnySym, out: number, weight: string, biasName: string): AnySym => {
      const step = apply(type, layer, [value])
      const shape = [value.shape[0] as number, out]
      const parameters = { weight: [out, channels], ...(bias ? { bias: [out] } : {}) }
      return step.emit('conv', { ...pointwise, outChannels: out }, shape, parameters, { weight, bias: biasName })
    }
    const all = project(flat, 3 * channels, 'in_proj_weight', 'in_proj_bias')
    const parts = split(all, [channels, channels, channels]) as readonly AnySym[]
    const [query, key, value] = parts.map((part) => toHeads(layer, part, heads)) as [AnySym, AnySym, AnySym]
    const scores = matmul(query, key, { transposeB: true }) as unknown as AnySym
    const weights = softmax(affine({ scale: 1 / Math.sqrt(channels / heads) })(scores))
    const mixed = fromHeads(layer, matmul(weights, value) as unknown as AnySym)
    const output = project(mixed, channels, 'out_proj.weight', 'out_proj.bias')
    return x.shape.length === 2 ? output : (reshape(x.shape, { order: 'channels-last' })(output) as unknown as AnySym)
  }
  return layer as never
}

const checkHeads = (at: Application, { shape }: AnySym, heads: number): void => {
  if (shape.length >= 2 && (shape[shape.length - 1] as number) % heads === 0) return
  throw new ShapeError(
    `${at.label} takes [..., channels] with channels that ${heads} heads divide but received ${show(shape)}`,
    {
      layer: at.path,
      expected: `a multiple of ${heads}`,
      actual: shape,
    },
  )
}

/** A convolution of a series with a kernel of one element. */
const pointwise = {
  kernel: [1],
  stride: [1],
  dilation: [1],
  padStart: [0],
  padEnd: [0],
  groups: 1,
  flip: false,
}

const toRows = (x: AnySym): AnySym =>
  reshape([-1, x.shape[x.shape.length - 1] as number], { order: 'channels-last' })(x) as unknown as AnySym

/** `[L, heads width]` -> `[heads, L, width]` */
export const toHeads = (layer: object, x: AnySym, heads: number): AnySym => {
  const [length, channels] = x.shape as readonly [number, number]
  const width = channels / heads
  const loops = [loop(heads, [1, width], [0, 1]), loop(length, [0, 1], [1, 1]), loop(width, [1, 1], [2, 1])]
  return emitRearrange(apply('heads', layer, [x]), 'heads', loops, x.shape, [heads, length, width])
}

/** `[heads, L, width]` -> `[L, heads width]` */
export const fromHeads = (layer: object, x: AnySym): AnySym => {
  const [heads, length, width] = x.shape as readonly [number, number, number]
  const loops = [loop(length, [1, 1], [0, 1]), loop(heads, [0, 1], [1, width]), loop(width, [2, 1], [1, 1])]
  return emitRearrange(apply('heads', layer, [x]), 'heads', loops, x.shape, [length, heads * width])
}
