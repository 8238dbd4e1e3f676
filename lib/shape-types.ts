/** lib/shape.ts in types: shapes as literal numbers, `number` where a size is known at run time only. */

import type { Add, Divide, GtOrEq, Lt, Mod, Multiply, Subtract } from 'ts-arithmetic'
import type { Sym } from './graph/trace.js'

/** Takes the place of a shape that cannot be; every layer passes it on and `model` refuses it with its text. */
export interface InvalidShape<Message extends string> {
  readonly invalid: Message
}

type Dims = readonly number[]

/**
 * T itself. While T depends on a type parameter it tells the compiler what T is at most, which spares it to look for that
 * through the digits of the arithmetic when it compares two layers.
 */
type Bounded<T, Bound> = [T] extends [infer R extends Bound] ? R : never

type Join<X extends readonly unknown[]> = X extends readonly [infer H extends number, ...infer R]
  ? R extends readonly []
    ? `${H}`
    : `${H}, ${Join<R>}`
  : ''

/** `[56, 56, 64]` as text. */
export type Show<X> = Bounded<X extends Dims ? `[${Join<X>}]` : 'no shape', string>

/** True for a shape whose number of axes is unknown. */
type AnyRank<X> = unknown extends X ? true : X extends Dims ? (number extends X['length'] ? true : false) : false

/** floor(N / S) for N >= 0 */
type FloorDivide<N extends number, S extends number> = S extends 1 ? N : Divide<Subtract<N, Mod<N, S>>, S>

/** dilation (kernel - 1) */
type Reach<K extends number, D extends number> = K extends 1 ? 0 : Multiply<D, Subtract<K, 1>>

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

/** Both paddings of one axis, `number` where unknown; `'same'` is handled before. */
type Pads<P, Axis extends 0 | 1> = P extends number
  ? [P, P]
  : P extends 'valid'
    ? [0, 0]
    : P extends readonly [infer A extends number, infer B extends number]
      ? Axis extends 0
        ? [A, A]
        : [B, B]
      : Axis extends 0
        ? P extends { readonly top: infer A extends number; readonly bottom: infer B extends number }
          ? [A, B]
          : [number, number]
        : P extends { readonly left: infer A extends number; readonly right: infer B extends number }
          ? [A, B]
          : [number, number]

/** The size of one axis out of `number | [number, number]`. */
type AxisOf<K, Axis extends 0 | 1> = K extends number
  ? K
  : K extends readonly [infer A extends number, infer B extends number]
    ? Axis extends 0
      ? A
      : B
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
 * Output size along one axis, or InvalidShape. Under padding 'same' it is ceil(W / S), which is what a kernel of 1 without
 * padding gives.
 */
export type WindowOutput<W extends number, K, S, P, D, Axis extends 0 | 1, Ceil = false, Exact = false> = Bounded<
  P extends 'same'
    ? AxisOutput<W, 1, AxisOf<S, Axis>, [0, 0], 1, false, false>
    : AxisOutput<W, AxisOf<K, Axis>, AxisOf<S, Axis>, Pads<P, Axis>, AxisOf<D, Axis>, Ceil, Exact>,
  number | InvalidShape<string>
>

type Image<H, W, C> = H extends InvalidShape<string> ? H : W extends InvalidShape<string> ? W : [H, W, C]

type Signal<L, C> = L extends InvalidShape<string> ? L : [L, C]

/** `[H, W, C]` -> `[H', W', O]`; `O` 'same' keeps the channels. */
export type Window2d<Name extends string, X, O, K, S, P, D, Ceil, Exact> =
  X extends InvalidShape<string>
    ? X
    : AnyRank<X> extends true
      ? [number, number, O extends 'same' ? number : O]
      : X extends readonly [infer H extends number, infer W extends number, infer C]
        ? Image<
            WindowOutput<H, K, S, P, D, 0, Ceil, Exact>,
            WindowOutput<W, K, S, P, D, 1, Ceil, Exact>,
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
        ? Signal<WindowOutput<L, K, S, P, D, 1, Ceil, Exact>, O extends 'same' ? C : O>
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

type Times<A extends number, B extends number> = Bounded<number extends A | B ? number : Multiply<A, B>, number>

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

type Product<X extends Dims, N extends number = 1> = X extends readonly [
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
          : InvalidShape<`global pooling takes a value with spatial axes but received ${Show<X>}`>

/** `[H, W, C]` -> `[size, size, C]` */
export type AdaptivePool2dShape<X, Out> =
  X extends InvalidShape<string>
    ? X
    : AnyRank<X> extends true
      ? [AxisOf<Out, 0>, AxisOf<Out, 1>, number]
      : X extends readonly [number, number, infer C]
        ? [AxisOf<Out, 0>, AxisOf<Out, 1>, C]
        : InvalidShape<`adaptive pooling takes [height, width, channels] but received ${Show<X>}`>

/** The sharper of two sizes that are equal as far as known, else never. */
type EqualSize<A, B> = number extends A ? B : number extends B ? A : A extends B ? A : never

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

type HasNever<X extends readonly unknown[]> = Bounded<
  X extends readonly [infer H, ...infer R] ? ([H] extends [never] ? true : HasNever<R>) : false,
  boolean
>

/** The shape of both, or InvalidShape when they differ. */
export type Same<A, B> =
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
                ? InvalidShape<`add takes equal shapes but received ${Show<A>} and ${Show<B>}`>
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
export type BroadcastShape<A, B> =
  A extends InvalidShape<string>
    ? A
    : B extends InvalidShape<string>
      ? B
      : true extends AnyRank<A> | AnyRank<B>
        ? readonly number[]
        : A extends Dims
          ? B extends Dims
            ? HasNever<BroadcastSizes<A, B>> extends true
              ? InvalidShape<`multiply takes sizes that are equal or 1 but received ${Show<A>} and ${Show<B>}`>
              : BroadcastSizes<A, B>
            : never
          : never

type Plus<A extends number, B extends number> = Bounded<number extends A | B ? number : Add<A, B>, number>

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

/** `[H, W, C]` -> `[H, W, O]` */
type WithChannels<X, O> = X extends readonly [...infer P extends Dims, number] ? [...P, O] : readonly number[]

/** True when a channel count is known and smaller than needed. */
type LacksChannels<C extends number, Needed extends number> = number extends C | Needed
  ? false
  : Lt<C, Needed> extends 1
    ? true
    : false

type LastOf<X> = X extends readonly [...Dims, infer C extends number] ? C : number

/** The channels from Start up to End. */
export type SliceShape<X, Start extends number, End extends number> =
  X extends InvalidShape<string>
    ? X
    : AnyRank<X> extends true
      ? readonly number[]
      : LacksChannels<LastOf<X>, End> extends true
        ? InvalidShape<`slice takes at least ${End} channels but received ${Show<X>}`>
        : WithChannels<X, number extends Start | End ? number : Subtract<End, Start>>

type Sum<T extends Dims, N extends number = 0> = T extends readonly [infer H extends number, ...infer R extends Dims]
  ? Sum<R, Plus<N, H>>
  : N

/** InvalidShape when the sizes are known and do not add up to the channels. */
type CheckedSplit<X, Sizes extends Dims, O> =
  X extends InvalidShape<string>
    ? X
    : number extends Sizes['length']
      ? WithChannels<X, number>
      : EqualSize<LastOf<X>, Sum<Sizes>> extends never
        ? InvalidShape<`split takes ${Sum<Sizes>} channels but received ${Show<X>}`>
        : WithChannels<X, O>

/** What `split` gives: one value for each size. */
export type SplitParts<X, Sizes extends Dims> = { readonly [I in keyof Sizes]: Sym<CheckedSplit<X, Sizes, Sizes[I]>> }

type Repeat<T, Count extends number, R extends readonly T[] = []> = R['length'] extends Count
  ? R
  : Repeat<T, Count, readonly [...R, T]>

type ChunkShape<X, Count extends number> =
  X extends InvalidShape<string>
    ? X
    : AnyRank<X> extends true
      ? readonly number[]
      : number extends LastOf<X> | Count
        ? WithChannels<X, number>
        : Mod<LastOf<X>, Count> extends 0
          ? WithChannels<X, Divide<LastOf<X>, Count>>
          : InvalidShape<`${Count} chunks do not divide the channels of ${Show<X>}`>

/** What `chunk` gives: as many equal parts as Count says. */
export type Chunks<X, Count extends number> = number extends Count
  ? readonly Sym<ChunkShape<X, Count>>[]
  : Repeat<Sym<ChunkShape<X, Count>>, Count>
