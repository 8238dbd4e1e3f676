/** Convolution and attention between all pixels side by side. */

import { invalidOption } from '../errors.js'
import { type AnySym, apply, type Layer, type Sym } from '../graph/trace.js'
import { positiveInteger } from '../shape.js'
import type { Window2d } from '../shape-types.js'
import { affine, softmax } from './activations.js'
import { broadcastAdd } from './arithmetic.js'
import { fromHeads, matmul, toHeads } from './attention.js'
import { concat } from './combine.js'
import { conv2d } from './conv.js'
import { checkRank } from './conv-options.js'
import { module } from './module.js'
import { booleanOption, knownOptions } from './options.js'
import { permute, reshape } from './rearrange.js'
import { split } from './slice.js'
import { indexTable } from './tables.js'

export interface AugmentedConv2dOptions<K extends number = number, S extends number = number> {
  /** Odd; padding keeps the size. */
  readonly kernel: K
  /** Of convolution and attention alike; 1 by default. */
  readonly stride?: S
  readonly heads: number
  /** Channels of all queries, and of all keys, together; a multiple of `heads`. */
  readonly keyChannels: number
  /** Output channels that come from attention; a multiple of `heads`, fewer than all. */
  readonly valueChannels: number
  /** Learned logits for the distance between pixels along each axis; true by default. They bind the layer to one size of image. */
  readonly relative?: boolean
  /** Size of the convolution that makes queries, keys and values; 1 by default. */
  readonly projectionKernel?: number
  /**
   * 'heads' (default): a head's channels stay channels. 'memory': its matrix, places by channels, is read as if it were channels by
   * places, as the widespread PyTorch implementation does, whose weights need that.
   */
  readonly order?: 'heads' | 'memory'
}

const optionNames = [
  'kernel',
  'stride',
  'heads',
  'keyChannels',
  'valueChannels',
  'relative',
  'projectionKernel',
  'order',
]

const inOrder = { order: 'channels-last' } as const

const oddSize = (name: string, value: unknown): number => {
  const size = positiveInteger(name, value)
  if (size % 2 === 0) throw invalidOption(name, 'odd', value)
  return size
}

const checkOptions = (type: string, outChannels: unknown, options: AugmentedConv2dOptions) => {
  const out = positiveInteger(`outChannels of ${type}`, outChannels)
  knownOptions(type, options, optionNames)
  const heads = positiveInteger(`heads of ${type}`, options.heads)
  const multiple = (name: 'keyChannels' | 'valueChannels') => {
    const channels = positiveInteger(`${name} of ${type}`, options[name])
    if (channels % heads !== 0) throw invalidOption(`${name} of ${type}`, `a multiple of its ${heads} heads`, channels)
    return channels
  }
  const { order = 'heads', stride = 1, projectionKernel = 1 } = options
  if (order !== 'heads' && order !== 'memory') throw invalidOption(`order of ${type}`, "'heads' or 'memory'", order)
  const valueChannels = multiple('valueChannels')
  if (valueChannels >= out) {
    throw invalidOption(`valueChannels of ${type}`, `fewer than its ${out} output channels`, valueChannels)
  }
  return {
    out,
    heads,
    keyChannels: multiple('keyChannels'),
    valueChannels,
    kernel: oddSize(`kernel of ${type}`, options.kernel),
    stride: positiveInteger(`stride of ${type}`, stride),
    projectionKernel: oddSize(`projectionKernel of ${type}`, projectionKernel),
    relative: booleanOption(`relative of ${type}`, options.relative ?? true),
    order,
  }
}

/**
 * A convolution whose last `valueChannels` output channels are attention between all pixels instead: `[H, W, C]` -> `[H', W', outChannels]`.
 *
 * Weights, by the names of the PyTorch implementation: `conv_out`, `qkv_conv` and `attn_out`, each with `weight` and `bias`, and for
 * relative positions `key_rel_w` (2 W' - 1, keyChannels / heads) and `key_rel_h` (2 H' - 1, keyChannels / heads). Throws OptionError at
 * once, ShapeError when applied to something else than an image. Bello et al., arXiv:1904.09925.
 *
 * ```ts
 * import { augmentedConv2d, batchNorm, relu, sequential } from 'im2col'
 *
 * const conv = augmentedConv2d(64, { kernel: 3, heads: 8, keyChannels: 40, valueChannels: 8 })
 * const layer = sequential(conv, batchNorm(), relu)
 * ```
 */
export const augmentedConv2d = <const O extends number, const K extends number, const S extends number = 1>(
  outChannels: O,
  options: AugmentedConv2dOptions<K, S>,
): (<X>(x: Sym<X>) => Sym<Window2d<'augmentedConv2d', X, O, K, S, 'same', 1, false, false>>) => {
  const { out, heads, keyChannels, valueChannels, kernel, stride, projectionKernel, relative, order } = checkOptions(
    'augmentedConv2d',
    outChannels,
    options,
  )
  const conv = (width: number, size: number) =>
    conv2d(width, { kernel: size, stride, padding: (size - 1) / 2 }) as Layer
  const m = {
    conv_out: conv(out - valueChannels, kernel),
    qkv_conv: conv(2 * keyChannels + valueChannels, projectionKernel),
    attn_out: conv2d(valueChannels, { kernel: 1 }) as Layer,
  }
  const layer: Layer = module(m, (x: AnySym): AnySym => {
    checkRank(apply('augmentedConv2d', layer, [x]), 2, x.shape)
    const convolved = m.conv_out(x)
    const all = m.qkv_conv(x)
    const [height, width] = all.shape as readonly [number, number, number]
    const parts = split(reshape([height * width, -1], inOrder)(all) as AnySym, [
      keyChannels,
      keyChannels,
      valueChannels,
    ])
    const [query, key, value] = (parts as readonly AnySym[]).map((part) =>
      toHeads(layer, part, heads),
    ) as unknown as Parts
    const queries = affine({ scale: 1 / Math.sqrt(keyChannels / heads) })(query)
    const scores = matmul(queries, key, { transposeB: true }) as AnySym
    const logits = relative
      ? addDistances(layer, scores, reshape([heads, height, width, -1], inOrder)(queries))
      : scores
    const mixed = matmul(softmax(logits), value) as AnySym
    const maps =
      order === 'heads'
        ? reshape([height, width, valueChannels], inOrder)(fromHeads(layer, mixed))
        : permute([1, 2, 0])(reshape([valueChannels, height, width], inOrder)(mixed) as AnySym)
    return concat(convolved, m.attn_out(maps as AnySym)) as AnySym
  })
  return layer as never
}

type Parts = readonly [query: AnySym, key: AnySym, value: AnySym]

/** Adds to the scores (heads, places, places) what the queries (heads, H, W, depth) make of how far apart two places are. */
const addDistances = (layer: object, scores: AnySym, queries: AnySym): AnySym => {
  const [heads, height, width, depth] = queries.shape as readonly [number, number, number, number]
  const columns = permute([0, 2, 1, 3])(queries) as AnySym
  const across = matmul(columns, distanceKeys(layer, queries, 'key_rel_w', width, depth), { transposeB: true })
  const down = matmul(queries, distanceKeys(layer, queries, 'key_rel_h', height, depth), { transposeB: true })
  const pairs = [heads * height * width, height, width] as const
  const byRow = reshape([pairs[0], height, 1], inOrder)(down as AnySym)
  const byColumn = reshape([pairs[0], 1, width], inOrder)(permute([0, 2, 1, 3])(across as AnySym) as AnySym)
  const sum = broadcastAdd(broadcastAdd(reshape(pairs, inOrder)(scores), byRow), byColumn) as AnySym
  return reshape(scores.shape, inOrder)(sum) as AnySym
}

/** The keys of the distances j - i, learned for 1 - size to size - 1, as a table [i, j]. */
const distanceKeys = (layer: object, anchor: AnySym, name: string, size: number, depth: number): AnySym => {
  const shape = [2 * size - 1, depth]
  const keys = apply('relativeKeys', layer, [anchor])
    .on()
    .emit('parameter', {}, shape, { weight: shape }, { weight: name })
  const at = apply('relativeKeys', layer, [keys])
  const row = (place: number) => (place % size) - Math.floor(place / size) + size - 1
  const attributes = () => ({ of: 'relativeKeys', indices: [indexTable(at, size * size, row), null], value: 0 })
  const table = at.emit('gather', attributes, [size * size, depth])
  return reshape([size, size, depth], inOrder)(table) as AnySym
}
