/** Shapes of volumes and of transposed convolutions in types; see shape-types.ts. */

import type { Add, Multiply, Subtract } from 'ts-arithmetic'
import type {
  AnyRank,
  Axis,
  AxisOf,
  Bounded,
  Image,
  InvalidShape,
  Pads,
  Reach,
  Show,
  Signal,
  Times,
  Window1d,
  WindowOutput,
} from './shape-types.js'

type Volume<D, H, W, C> =
  D extends InvalidShape<string>
    ? D
    : H extends InvalidShape<string>
      ? H
      : W extends InvalidShape<string>
        ? W
        : [D, H, W, C]

/** `[D, H, W, C]` -> `[D', H', W', O]`; `O` 'same' keeps the channels. */
export type Window3d<Name extends string, X, O, K, S, P, D, Ceil, Exact> =
  X extends InvalidShape<string>
    ? X
    : AnyRank<X> extends true
      ? [number, number, number, O extends 'same' ? number : O]
      : X extends readonly [infer Z extends number, infer H extends number, infer W extends number, infer C]
        ? Volume<
            WindowOutput<Z, K, S, P, D, 'depth', Ceil, Exact>,
            WindowOutput<H, K, S, P, D, 'heightOf3', Ceil, Exact>,
            WindowOutput<W, K, S, P, D, 'widthOf3', Ceil, Exact>,
            O extends 'same' ? C : O
          >
        : InvalidShape<`${Name} takes [depth, height, width, channels] but received ${Show<X>}`>

export type Conv3dShape<X, O, K, S, P, D, Exact> = Window3d<'conv3d', X, O, K, S, P, D, false, Exact>
export type Pool3dShape<X, K, S, P, D, Ceil, Exact> = Window3d<'pooling', X, 'same', K, S, P, D, Ceil, Exact>

/** Channels times the multiplier. */
export type Depthwise1dShape<X, M extends number, K, S, P, D, Exact> =
  X extends InvalidShape<string>
    ? X
    : AnyRank<X> extends true
      ? [number, number]
      : X extends readonly [number, infer C extends number]
        ? Window1d<'depthwiseConv1d', X, Times<C, M>, K, S, P, D, false, Exact>
        : InvalidShape<`depthwiseConv1d takes [length, channels] but received ${Show<X>}`>

/** Channels times the multiplier. */
export type Depthwise3dShape<X, M extends number, K, S, P, D, Exact> =
  X extends InvalidShape<string>
    ? X
    : AnyRank<X> extends true
      ? [number, number, number, number]
      : X extends readonly [number, number, number, infer C extends number]
        ? Window3d<'depthwiseConv3d', X, Times<C, M>, K, S, P, D, false, Exact>
        : InvalidShape<`depthwiseConv3d takes [depth, height, width, channels] but received ${Show<X>}`>

/** `[D, H, W, C]` -> `[size, size, size, C]` */
export type AdaptivePool3dShape<X, Out> =
  X extends InvalidShape<string>
    ? X
    : AnyRank<X> extends true
      ? [AxisOf<Out, 'depth'>, AxisOf<Out, 'heightOf3'>, AxisOf<Out, 'widthOf3'>, number]
      : X extends readonly [number, number, number, infer C]
        ? [AxisOf<Out, 'depth'>, AxisOf<Out, 'heightOf3'>, AxisOf<Out, 'widthOf3'>, C]
        : InvalidShape<`adaptive pooling takes [depth, height, width, channels] but received ${Show<X>}`>

/** `[L, C]` -> `[size, C]` */
export type AdaptivePool1dShape<X, Out> =
  X extends InvalidShape<string>
    ? X
    : AnyRank<X> extends true
      ? [Out, number]
      : X extends readonly [number, infer C]
        ? [Out, C]
        : InvalidShape<`adaptive pooling takes [length, channels] but received ${Show<X>}`>

/** (W - 1) S + reach + 1 - padding + output padding along one axis. */
type SpreadAxis<
  W extends number,
  K extends number,
  S extends number,
  P extends [number, number],
  D extends number,
  Extra extends number,
> = number extends W | K | S | D | P[0] | P[1] | Extra
  ? number
  : Subtract<
        Add<Add<Multiply<Subtract<W, 1>, S>, Add<Reach<K, D>, 1>>, Extra>,
        Add<P[0], P[1]>
      > extends infer Size extends number
    ? `${Size}` extends '0' | `-${string}`
      ? InvalidShape<`a padding of ${P[0]} + ${P[1]} leaves nothing of an input of ${W}`>
      : Size
    : number

export type SpreadOutput<W extends number, K, S, P, D, Extra, A extends Axis> = Bounded<
  SpreadAxis<W, AxisOf<K, A>, AxisOf<S, A>, Pads<P, A>, AxisOf<D, A>, AxisOf<Extra, A>>,
  number | InvalidShape<string>
>

/** `[L, C]` -> `[L', O]` */
export type ConvTranspose1dShape<X, O, K, S, P, D, Extra> =
  X extends InvalidShape<string>
    ? X
    : AnyRank<X> extends true
      ? [number, O]
      : X extends readonly [infer L extends number, number]
        ? Signal<SpreadOutput<L, K, S, P, D, Extra, 'width'>, O>
        : InvalidShape<`convTranspose1d takes [length, channels] but received ${Show<X>}`>

/** `[H, W, C]` -> `[H', W', O]` */
export type ConvTranspose2dShape<X, O, K, S, P, D, Extra> =
  X extends InvalidShape<string>
    ? X
    : AnyRank<X> extends true
      ? [number, number, O]
      : X extends readonly [infer H extends number, infer W extends number, number]
        ? Image<SpreadOutput<H, K, S, P, D, Extra, 'height'>, SpreadOutput<W, K, S, P, D, Extra, 'width'>, O>
        : InvalidShape<`convTranspose2d takes [height, width, channels] but received ${Show<X>}`>

/** `[D, H, W, C]` -> `[D', H', W', O]` */
export type ConvTranspose3dShape<X, O, K, S, P, D, Extra> =
  X extends InvalidShape<string>
    ? X
    : AnyRank<X> extends true
      ? [number, number, number, O]
      : X extends readonly [infer Z extends number, infer H extends number, infer W extends number, number]
        ? Volume<
            SpreadOutput<Z, K, S, P, D, Extra, 'depth'>,
            SpreadOutput<H, K, S, P, D, Extra, 'heightOf3'>,
            SpreadOutput<W, K, S, P, D, Extra, 'widthOf3'>,
            O
          >
        : InvalidShape<`convTranspose3d takes [depth, height, width, channels] but received ${Show<X>}`>
