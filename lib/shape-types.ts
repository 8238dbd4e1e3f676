/** lib/shape.ts in types: shapes as literal numbers, `number` where a size is known at run time only. */

import type { Add, Divide, GtOrEq, Lt, Mod, Multiply, Subtract } from 'ts-arithmetic'

/** Takes the place of a shape that cannot be; every layer passes it on and `model` refuses it with its text. */
export interface InvalidShape<Message extends string> {
  readonly invalid: Message
}

export type Dims = readonly number[]

/**
 * T itself. While T depends on a type parameter it tells the compiler what T is at most, which spares it to look for that
 * through the digits of the arithmetic when it compares two layers.
 */
export type Bounded<T, Bound> = [T] extends [infer R extends Bound] ? R : never

type Join<X extends readonly unknown[]> = X extends readonly [infer H extends number, ...infer R]
  ? R extends readonly []
    ? `${H}`
    : `${H}, ${Join<R>}`
  : ''

/** `[56, 56, 64]` as text. */
export type Show<X> = Bounded<X extends Dims ? `[${Join<X>}]` : 'no shape', string>

/** True for a shape whose number of axes is unknown. */
export type AnyRank<X> = unknown extends X ? true : X extends Dims ? (number extends X['length'] ? true : false) : false

/** floor(N / S) for N >= 0 */
export type FloorDivide<N extends number, S extends number> = S extends 1 ? N : Divide<Subtract<N, Mod<N, S>>, S>

/** dilation (kernel - 1) */
export type Reach<K extends number, D extends number> = K extends 1 ? 0 : Multiply<D, Subtract<K, 1>>

/** Drops a last window that would start behind the input. */
type DropLate<Out extends number, W extends number, S extends number, PadStart extends number> =
  GtOrEq<Multiply<Subtract<Out, 1>, S>, Add<W, PadStart>> extends 1 ? Subtract<Out, 1> : Out

/** Output size from the room that is left for the window to move. */
type FromRoom<
  Room extends number,
  W extends number,
  K extends number,
  S extends number,
  PadStart extends number,
  Ceil,
  Exact,
> = Ceil extends true
  ? Lt<Add<Room, Subtract<S, 1>>, 0> extends 1
    ? InvalidShape<`a kernel of ${K} does not fit into an input of ${W}`>
    : DropLate<Add<FloorDivide<Add<Room, Subtract<S, 1>>, S>, 1>, W, S, PadStart>
  : `${Room}` extends `-${string}`
    ? InvalidShape<`a kernel of ${K} does not fit into an input of ${W}`>
    : Exact extends true
      ? Mod<Room, S> extends 0
        ? Add<FloorDivide<Room, S>, 1>
        : InvalidShape<`a kernel of ${K} with stride ${S} does not cover an input of ${W} exactly`>
      : Add<FloorDivide<Room, S>, 1>

/** Position of an axis in a list of sizes, and what a padding calls its sides. */
interface Axes {
  readonly depth: readonly [0, 'front', 'back']
  readonly height: readonly [0, 'top', 'bottom']
  readonly width: readonly [1, 'left', 'right']
  readonly heightOf3: readonly [1, 'top', 'bottom']
  readonly widthOf3: readonly [2, 'left', 'right']
}

export type Axis = keyof Axes

/** Both paddings of one axis, `number` where unknown; `'same'` and `'causal'` are handled before. */
export type Pads<P, A extends Axis> = P extends number
  ? [P, P]
  : P extends 'valid'
    ? [0, 0]
    : P extends Dims
      ? [AxisOf<P, A>, AxisOf<P, A>]
      : P extends { readonly [Side in Axes[A][1] | Axes[A][2]]: number }
        ? [P[Axes[A][1]], P[Axes[A][2]]]
        : [number, number]

/** The size of one axis out of a number for all axes or a list with one for each. */
export type AxisOf<K, A extends Axis> = K extends number
  ? K
  : K extends { readonly [I in Axes[A][0]]: infer Size extends number }
    ? Size
    : number

/** True for `boolean` itself, false for a switch that is known. */
type IsBoolean<T> = boolean extends T ? true : false

type AxisOutput<
  W extends number,
  K extends number,
  S extends number,
  P extends [number, number],
  D extends number,
  Ceil,
  Exact,
> = number extends W | K | S | D | P[0] | P[1]
  ? number
  : true extends IsBoolean<Ceil> | IsBoolean<Exact>
    ? number
    : FromRoom<Subtract<Add<W, Add<P[0], P[1]>>, Add<Reach<K, D>, 1>>, W, K, S, P[0], Ceil, Exact>

/**
 * Output size along one axis, or InvalidShape. Under padding 'same' or 'causal' it is ceil(W / S), which is what a kernel of 1
 * without padding gives.
 */
export type WindowOutput<W extends number, K, S, P, D, A extends Axis, Ceil = false, Exact = false> = Bounded<
  P extends 'same' | 'causal'
    ? AxisOutput<W, 1, AxisOf<S, A>, [0, 0], 1, false, false>
    : AxisOutput<W, AxisOf<K, A>, AxisOf<S, A>, Pads<P, A>, AxisOf<D, A>, Ceil, Exact>,
  number | InvalidShape<string>
>

export type Image<H, W, C> = H extends InvalidShape<string> ? H : W extends InvalidShape<string> ? W : [H, W, C]

export type Signal<L, C> = L extends InvalidShape<string> ? L : [L, C]

/** `[H, W, C]` -> `[H', W', O]`; `O` 'same' keeps the channels. */
export type Window2d<Name extends string, X, O, K, S, P, D, Ceil, Exact> =
  X extends InvalidShape<string>
    ? X
    : AnyRank<X> extends true
      ? [number, number, O extends 'same' ? number : O]
      : X extends readonly [infer H extends number, infer W extends number, infer C]
        ? Image<
            WindowOutput<H, K, S, P, D, 'height', Ceil, Exact>,
            WindowOutput<W, K, S, P, D, 'width', Ceil, Exact>,
            O extends 'same' ? C : O
          >
        : InvalidShape<`${Name} takes [height, width, channels] but received ${Show<X>}`>

/** `[L, C]` -> `[L', O]`; `O` 'same' keeps the channels. */
export type Window1d<Name extends string, X, O, K, S, P, D, Ceil, Exact> =
  X extends InvalidShape<string>
    ? X
    : AnyRank<X> extends true
      ? [number, O extends 'same' ? number : O]
      : X extends readonly [infer L extends number, infer C]
        ? Signal<WindowOutput<L, K, S, P, D, 'width', Ceil, Exact>, O extends 'same' ? C : O>
        : InvalidShape<`${Name} takes [length, channels] but received ${Show<X>}`>

export type Conv1dShape<X, O, K, S, P, D, Exact> = Window1d<'conv1d', X, O, K, S, P, D, false, Exact>
export type Conv2dShape<X, O, K, S, P, D, Exact> = Window2d<'conv2d', X, O, K, S, P, D, false, Exact>
export type Pool1dShape<X, K, S, P, D, Ceil, Exact> = Window1d<'pooling', X, 'same', K, S, P, D, Ceil, Exact>
export type Pool2dShape<X, K, S, P, D, Ceil, Exact> = Window2d<'pooling', X, 'same', K, S, P, D, Ceil, Exact>

/** Channels times the multiplier. */
export type DepthwiseShape<X, M extends number, K, S, P, D, Exact> =
  X extends InvalidShape<string>
    ? X
    : AnyRank<X> extends true
      ? [number, number, number]
      : X extends readonly [number, number, infer C extends number]
        ? Window2d<'depthwiseConv2d', X, Times<C, M>, K, S, P, D, false, Exact>
        : InvalidShape<`depthwiseConv2d takes [height, width, channels] but received ${Show<X>}`>

export type Times<A extends number, B extends number> = Bounded<number extends A | B ? number : Multiply<A, B>, number>

/** `[features]` -> `[O]` */
export type DenseShape<X, O> =
  X extends InvalidShape<string>
    ? X
    : AnyRank<X> extends true
      ? [O]
      : X extends readonly [number]
        ? [O]
        : InvalidShape<`dense takes [features] but received ${Show<X>}: put flatten before it`>

/** `[..., C]` -> `[..., O]` */
export type PointwiseDenseShape<X, O> =
  X extends InvalidShape<string>
    ? X
    : AnyRank<X> extends true
      ? number[]
      : X extends readonly [infer First extends number, ...infer Rest extends Dims, number]
        ? [First, ...Rest, O]
        : InvalidShape<`pointwiseDense takes a value with spatial axes but received ${Show<X>}: use dense`>

export type Product<X extends Dims, N extends number = 1> = X extends readonly [
  infer H extends number,
  ...infer R extends Dims,
]
  ? Product<R, Times<N, H>>
  : N

/** `[H, W, C]` -> `[H W C]` */
export type FlattenShape<X> =
  X extends InvalidShape<string> ? X : AnyRank<X> extends true ? [number] : X extends Dims ? [Product<X>] : [number]

/** `[H, W, C]` -> `[1, 1, C]` */
export type GlobalPoolShape<X> =
  X extends InvalidShape<string>
    ? X
    : AnyRank<X> extends true
      ? readonly number[]
      : X extends readonly [number, number, infer C]
        ? [1, 1, C]
        : X extends readonly [number, infer C]
          ? [1, C]
          : X extends readonly [number, number, number, infer C]
            ? [1, 1, 1, C]
            : InvalidShape<`global pooling takes a value with spatial axes but received ${Show<X>}`>

/** `[H, W, C]` -> `[size, size, C]` */
export type AdaptivePool2dShape<X, Out> =
  X extends InvalidShape<string>
    ? X
    : AnyRank<X> extends true
      ? [AxisOf<Out, 'height'>, AxisOf<Out, 'width'>, number]
      : X extends readonly [number, number, infer C]
        ? [AxisOf<Out, 'height'>, AxisOf<Out, 'width'>, C]
        : InvalidShape<`adaptive pooling takes [height, width, channels] but received ${Show<X>}`>

/** The sharper of two sizes that are equal as far as known, else never. */
export type EqualSize<A, B> = number extends A ? B : number extends B ? A : A extends B ? A : never

type EqualSizes<A extends Dims, B extends Dims> = Bounded<
  A extends readonly [infer H, ...infer R extends Dims]
    ? B extends readonly [infer I, ...infer S extends Dims]
      ? [EqualSize<H, I>, ...EqualSizes<R, S>]
      : [never]
    : B extends readonly []
      ? []
      : [never],
  Dims
>

export type HasNever<X extends readonly unknown[]> = Bounded<
  X extends readonly [infer H, ...infer R] ? ([H] extends [never] ? true : HasNever<R>) : false,
  boolean
>

/** The shape of both, or InvalidShape when they differ. */
export type Same<A, B, Name extends string = 'add'> =
  A extends InvalidShape<string>
    ? A
    : B extends InvalidShape<string>
      ? B
      : AnyRank<A> extends true
        ? B
        : AnyRank<B> extends true
          ? A
          : A extends Dims
            ? B extends Dims
              ? HasNever<EqualSizes<A, B>> extends true
                ? InvalidShape<`${Name} takes equal shapes but received ${Show<A>} and ${Show<B>}`>
                : EqualSizes<A, B>
              : never
            : never

/** The size of both, of the other where one is 1, else never. */
type BroadcastSize<A, B> = B extends 1 ? A : A extends 1 ? B : EqualSize<A, B>

type BroadcastSizes<A extends Dims, B extends Dims> = Bounded<
  A extends readonly [...infer P extends Dims, infer C]
    ? B extends readonly [...infer Q extends Dims, infer D]
      ? [...BroadcastSizes<P, Q>, BroadcastSize<C, D>]
      : A
    : B,
  Dims
>

/** Sizes of two values, aligned at the channels, that are equal or 1; InvalidShape when they are not. */
export type BroadcastShape<A, B, Name extends string> =
  A extends InvalidShape<string>
    ? A
    : B extends InvalidShape<string>
      ? B
      : true extends AnyRank<A> | AnyRank<B>
        ? readonly number[]
        : A extends Dims
          ? B extends Dims
            ? HasNever<BroadcastSizes<A, B>> extends true
              ? InvalidShape<`${Name} takes sizes that are equal or 1 but received ${Show<A>} and ${Show<B>}`>
              : BroadcastSizes<A, B>
            : never
          : never

export type Plus<A extends number, B extends number> = Bounded<number extends A | B ? number : Add<A, B>, number>

type Concat2<A, B> = A extends readonly [...infer P extends Dims, infer C extends number]
  ? B extends readonly [...infer Q extends Dims, infer D extends number]
    ? HasNever<EqualSizes<P, Q>> extends true
      ? InvalidShape<`concat takes equal spatial sizes but received ${Show<A>} and ${Show<B>}`>
      : [...EqualSizes<P, Q>, Plus<C, D>]
    : never
  : never

/** All along the channels; spatial axes must agree. */
export type ConcatShape<T extends readonly unknown[]> = number extends T['length']
  ? readonly number[]
  : T extends readonly [infer A, infer B, ...infer R]
    ? A extends InvalidShape<string>
      ? A
      : B extends InvalidShape<string>
        ? B
        : AnyRank<A> extends true
          ? readonly number[]
          : AnyRank<B> extends true
            ? readonly number[]
            : ConcatShape<[Concat2<A, B>, ...R]>
    : T extends readonly [infer A]
      ? A
      : InvalidShape<'concat takes at least one value'>
