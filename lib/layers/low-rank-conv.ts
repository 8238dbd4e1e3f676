/** Convolutions whose kernels differ from place to place, each a mixture of a few. */

import { invalidOption } from '../errors.js'
import { type AnySym, type Application, apply, type Layer, type Sym } from '../graph/trace.js'
import { type Padding2d, positiveInteger, type Size2d, slideWindow } from '../shape.js'
import type { Window2d } from '../shape-types.js'
import { relu, sigmoid, softmax } from './activations.js'
import { globalAvgPool } from './adaptive-pool.js'
import { broadcastAdd, multiply } from './arithmetic.js'
import { add, concat } from './combine.js'
import { conv2d } from './conv.js'
import { type ConvSpec, checkRank, convSpec, type Geometry } from './conv-options.js'
import { depthwiseConv2d } from './depthwise-conv.js'
import { module } from './module.js'
import { l2Normalize } from './norm.js'
import { reshape } from './rearrange.js'
import { resize } from './resize.js'
import { split } from './slice.js'

/**
 * What the mixture at a place depends on: learned numbers of its row plus those of its column, of its row or its column alone, or of
 * the place itself; or the input.
 */
export type MixtureWeights = 'rows+columns' | 'rows' | 'columns' | 'places' | 'input'

export interface LowRankLocallyConnected2dOptions<K = Size2d, S = Size2d, P = Padding2d, D = Size2d>
  extends Geometry<K, S, P, D> {
  /** How many kernels are mixed. */
  readonly rank: number
  /** 'rows+columns' by default. */
  readonly weights?: MixtureWeights
  /** What brings the weights of a place into a range: 'softmax' (default), division by their 'l2' norm, or 'none'. */
  readonly normalize?: 'softmax' | 'l2' | 'none'
}

const mixtures: readonly unknown[] = [
  'rows+columns',
  'rows',
  'columns',
  'places',
  'input',
] satisfies readonly MixtureWeights[]

const normalizers = {
  softmax,
  l2: l2Normalize({ eps: 1e-6 }),
  none: (x: AnySym): AnySym => x,
}

/**
 * A convolution with a kernel of its own for every output pixel, which is a weighted sum of `rank` kernels: `[H, W, C]` -> `[H', W', outChannels]`.
 *
 * Weights, by the names of the authors' layer: `kernel_bases` (rank outChannels, C, height, width), the biases `bias_channels` (outChannels)
 * and `bias_row` (H'), `bias_col` (W') or `spatial_bias` (H', W'), and `combining_weights_row` (H', rank), `combining_weights_col`
 * (W', rank), `combining_weights` (H', W', rank) or, with 'input', the layers in `combining_weights_layer`. All but `kernel_bases` bind the
 * network to one input size. Throws OptionError at once, ShapeError when applied. Elsayed et al., arXiv:2002.02959.
 *
 * ```ts
 * import { batchNorm, lowRankLocallyConnected2d, relu, sequential } from 'im2col'
 *
 * const layer = sequential(lowRankLocallyConnected2d(64, { kernel: 3, rank: 4 }), batchNorm(), relu)
 * ```
 */
export const lowRankLocallyConnected2d = <
  const O extends number,
  const K extends Size2d,
  const S extends Size2d = 1,
  const P extends Padding2d = 0,
  const D extends Size2d = 1,
>(
  outChannels: O,
  options: LowRankLocallyConnected2dOptions<K, S, P, D>,
): (<X>(x: Sym<X>) => Sym<Window2d<'lowRankLocallyConnected2d', X, O, K, S, P, D, false, false>>) => {
  const type = 'lowRankLocallyConnected2d'
  const out = positiveInteger(`outChannels of ${type}`, outChannels)
  const spec = convSpec(type, 2, options, ['rank', 'weights', 'normalize'])
  const { rank, weights = 'rows+columns', normalize = 'softmax' } = options
  positiveInteger(`rank of ${type}`, rank)
  if (!mixtures.includes(weights)) throw invalidOption(`weights of ${type}`, mixtures.join(', '), weights)
  if (!Object.hasOwn(normalizers, normalize)) {
    throw invalidOption(`normalize of ${type}`, Object.keys(normalizers).join(', '), normalize)
  }
  const m = weights === 'input' ? { combining_weights_layer: mixtureOfInput(rank) } : {}
  const layer: Layer = module(m, (x: AnySym): AnySym => {
    const at = apply(type, layer, [x])
    checkRank(at, 2, x.shape)
    const maps = convolveBases(at, x.shape, spec, rank * out)
    const [height, width] = maps.shape as readonly [number, number, number]
    const learned = (name: string, ...shape: readonly number[]) => learnedValue(at, name, shape)
    const logits =
      m.combining_weights_layer?.(x, [height, width]) ?? learnedMixture(learned, weights, height, width, rank)
    const shares = normalizers[normalize](logits)
    const sum = mix(maps, shares, rank)
    return broadcastAdd(sum, learnedBias(learned, weights, height, width, out)) as AnySym
  })
  return layer as never
}

const inOrder = { order: 'channels-last' } as const

const column = (x: AnySym): AnySym => reshape([x.shape[0] as number, 1, -1], inOrder)(x) as AnySym
const row = (x: AnySym): AnySym => reshape([1, x.shape[0] as number, -1], inOrder)(x) as AnySym

type Learned = (name: string, ...shape: readonly number[]) => AnySym

const learnedValue = (at: Application, name: string, shape: readonly number[]): AnySym =>
  at.on().emit('parameter', {}, shape, { weight: shape }, { weight: name })

const convolveBases = (at: Application, shape: readonly number[], spec: ConvSpec, channels: number): AnySym => {
  const { window, output } = slideWindow(at, shape.slice(0, 2), spec.window)
  const attributes = { ...window, outChannels: channels, groups: 1, flip: spec.flip }
  const weight = [channels, shape[2] as number, ...window.kernel]
  return at.emit('conv', attributes, [...output, channels], { weight }, { weight: 'kernel_bases' })
}

/** Numbers of rows and columns, added where both are there; else the value of its own. */
const ofRowsAndColumns = (
  learned: Learned,
  weights: MixtureWeights,
  [rows, columns, places]: readonly [rows: string, columns: string, places: string],
  height: number,
  width: number,
  depth: readonly number[],
): AnySym => {
  const down = () => column(learned(rows, height, ...depth))
  const across = () => row(learned(columns, width, ...depth))
  switch (weights) {
    case 'rows+columns':
      return broadcastAdd(down(), across()) as AnySym
    case 'rows':
      return down()
    case 'columns':
      return across()
    default:
      return reshape([height, width, -1], inOrder)(learned(places, height, width, ...depth)) as AnySym
  }
}

const learnedMixture = (
  learned: Learned,
  weights: MixtureWeights,
  height: number,
  width: number,
  rank: number,
): AnySym =>
  ofRowsAndColumns(
    learned,
    weights,
    ['combining_weights_row', 'combining_weights_col', 'combining_weights'],
    height,
    width,
    [rank],
  )

const learnedBias = (learned: Learned, weights: MixtureWeights, height: number, width: number, out: number): AnySym => {
  const ofPlaces = ofRowsAndColumns(learned, weights, ['bias_row', 'bias_col', 'spatial_bias'], height, width, [])
  return broadcastAdd(ofPlaces, learned('bias_channels', out)) as AnySym
}

/** The sum of the maps of every base, each times its share. */
const mix = (maps: AnySym, shares: AnySym, rank: number): AnySym => {
  const parts = (x: AnySym) => split(x, Array(rank).fill((x.shape[2] as number) / rank)) as readonly AnySym[]
  const [images, factors] = [parts(maps), parts(shares)]
  const weighted = images.map((image, i) => multiply(image, factors[i] as AnySym) as AnySym)
  return weighted.reduce((sum, image) => add(sum, image) as AnySym)
}

/** Contexts of the places of a map by ever wider kernels. */
const CONTEXT_DILATIONS = [1, 2, 4, 8]

const mixtureOfInput = (rank: number) => {
  const m = {
    dim_reduction_layer: conv2d(rank, { kernel: 1 }) as Layer,
    multiscale_layers: CONTEXT_DILATIONS.map((dilation) => depthwiseConv2d({ kernel: 3, dilation }) as Layer),
    squeeze_layer: conv2d(3 * rank, { kernel: 1 }) as Layer,
    excite_layer: conv2d(6 * rank, { kernel: 1 }) as Layer,
    proj_layer: conv2d(rank, { kernel: 1 }) as Layer,
  }
  const mean = globalAvgPool() as Layer
  return module(m, (x: AnySym, size: readonly [number, number]): AnySym => {
    const widest = Math.floor((Math.min(x.shape[0] as number, x.shape[1] as number) - 1) / 2)
    const contexts = m.multiscale_layers.filter((_, i) => (CONTEXT_DILATIONS[i] as number) <= widest)
    const resized = resize({ size, mode: 'bilinear', alignCorners: true }) as Layer
    const reduced = m.dim_reduction_layer(x)
    const overall = resize({ size, mode: 'nearest' })(mean(reduced)) as AnySym
    const all = concat(resized(reduced), overall, ...contexts.map((context) => resized(context(reduced)))) as AnySym
    return m.proj_layer(sigmoid(m.excite_layer(relu(m.squeeze_layer(all)))))
  })
}
