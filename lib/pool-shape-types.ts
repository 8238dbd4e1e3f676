/** Shapes of unpooling, blur pooling, pyramids, regions of interest and correlations in types; see shape-types.ts. */

import type { Add, Subtract } from 'ts-arithmetic'
import type { SpreadOutput } from './conv-shape-types.js'
import type {
  AnyRank,
  AxisOf,
  Dims,
  FloorDivide,
  Image,
  InvalidShape,
  Plus,
  Same,
  Show,
  Times,
  Window2d,
} from './shape-types.js'

/** `[H, W, C]` -> `[H', W', C]`; `Out` undefined means what the pooling's window covers. */
export type MaxUnpool2dShape<X, K, S, P, Out> =
  X extends InvalidShape<string>
    ? X
    : AnyRank<X> extends true
      ? [number, number, number]
      : X extends readonly [infer H extends number, infer W extends number, infer C]
        ? Out extends undefined
          ? Image<SpreadOutput<H, K, S, P, 1, 0, 'height'>, SpreadOutput<W, K, S, P, 1, 0, 'width'>, C>
          : [AxisOf<Out, 'height'>, AxisOf<Out, 'width'>, C]
        : InvalidShape<`maxUnpool2d takes [height, width, channels] but received ${Show<X>}`>

type BlurPadding<K extends number, S extends number> = number extends K | S
  ? number
  : FloorDivide<Subtract<Add<K, S>, 2>, 2>

/** `[H, W, C]` -> `[H', W', C]` */
export type BlurPool2dShape<X, K extends number, S extends number> = Window2d<
  'blurPool2d',
  X,
  'same',
  K,
  S,
  BlurPadding<K, S>,
  1,
  false,
  false
>

type SumOfSquares<Sizes extends Dims, N extends number = 0> = Sizes extends readonly [
  infer First extends number,
  ...infer Rest extends Dims,
]
  ? SumOfSquares<Rest, Plus<N, Times<First, First>>>
  : N

/** `[H, W, C]` -> `[C * (sum of n^2)]` */
export type SpatialPyramidShape<X, Levels extends Dims> =
  X extends InvalidShape<string>
    ? X
    : AnyRank<X> extends true
      ? [number]
      : X extends readonly [number, number, infer C extends number]
        ? [number extends Levels['length'] ? number : Times<C, SumOfSquares<Levels>>]
        : InvalidShape<`spatialPyramidPool takes [height, width, channels] but received ${Show<X>}`>

/** `[H, W, C]`, `[K, 4]` -> `[K, height, width, C]` */
export type RoiShape<X, B, Out> =
  X extends InvalidShape<string>
    ? X
    : B extends InvalidShape<string>
      ? B
      : true extends AnyRank<X> | AnyRank<B>
        ? [number, AxisOf<Out, 'height'>, AxisOf<Out, 'width'>, number]
        : X extends readonly [number, number, infer C]
          ? B extends readonly [infer Count, number]
            ? [Count, AxisOf<Out, 'height'>, AxisOf<Out, 'width'>, C]
            : InvalidShape<`boxes are [count, 4] but received ${Show<B>}`>
          : InvalidShape<`pooling of regions takes [height, width, channels] but received ${Show<X>}`>

/** `[H, W, C]`, `[H, W, C]` -> `[H', W', Patch^2]` */
export type CorrelationShape<A, B, Patch extends number, K, S, P, D> = Window2d<
  'correlation',
  Same<A, B, 'correlation'>,
  Times<Patch, Patch>,
  K,
  S,
  P,
  D,
  false,
  false
>
