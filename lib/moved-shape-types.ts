/** Shapes of values that are cut, permuted, reshaped, padded or resized, in types. */

import type { Divide, Lt, Mod, Multiply, Subtract } from 'ts-arithmetic'
import type { Sym } from './graph/trace.js'
import type {
  AnyRank,
  Bounded,
  Dims,
  EqualSize,
  FloorDivide,
  HasNever,
  InvalidShape,
  Plus,
  Product,
  Show,
  Times,
} from './shape-types.js'

/** The axis as an index from 0, where known. */
type AxisIndex<X extends Dims, Axis extends number> = `${Axis}` extends `-${infer FromEnd extends number}`
  ? Subtract<X['length'], FromEnd>
  : Axis

/** X with another size on one axis; without literal sizes where X or the axis is not known. */
type WithSize<X, Axis extends number, Size> =
  AnyRank<X> extends true
    ? readonly number[]
    : X extends Dims
      ? number extends Axis
        ? readonly number[]
        : Bounded<{ -readonly [I in keyof X]: I extends `${AxisIndex<X, Axis>}` ? Size : X[I] }, Dims>
      : readonly number[]

/** The size of an axis, `number` where unknown. */
type SizeOf<X, Axis extends number> =
  AnyRank<X> extends true
    ? number
    : X extends Dims
      ? number extends Axis
        ? number
        : Bounded<X[AxisIndex<X, Axis>], number>
      : number

/** What errors call the elements of an axis. */
type Elements<Axis extends number> = Axis extends -1 ? 'channels' : `elements on axis ${Axis}`

/** True when a size is known and smaller than needed. */
type IsTooFew<Size extends number, Needed extends number> = number extends Size | Needed
  ? false
  : Lt<Size, Needed> extends 1
    ? true
    : false

type SliceSize<Start extends number, End extends number, Step extends number> = number extends Start | End | Step
  ? number
  : Step extends 1
    ? Subtract<End, Start>
    : FloorDivide<Subtract<Plus<Subtract<End, Start>, Step>, 1>, Step>

/** The elements from Start up to End. */
export type SliceShape<X, Start extends number, End extends number, Axis extends number, Step extends number> =
  X extends InvalidShape<string>
    ? X
    : IsTooFew<SizeOf<X, Axis>, End> extends true
      ? InvalidShape<`slice takes at least ${End} ${Elements<Axis>} but received ${Show<X>}`>
      : WithSize<X, Axis, SliceSize<Start, End, Step>>

type Sum<T extends Dims, N extends number = 0> = T extends readonly [infer H extends number, ...infer R extends Dims]
  ? Sum<R, Plus<N, H>>
  : N

/** InvalidShape when the sizes are known and do not add up to that of the axis. */
type CheckedSplit<X, Sizes extends Dims, O, Axis extends number> =
  X extends InvalidShape<string>
    ? X
    : number extends Sizes['length']
      ? WithSize<X, Axis, number>
      : EqualSize<SizeOf<X, Axis>, Sum<Sizes>> extends never
        ? InvalidShape<`split takes ${Sum<Sizes>} ${Elements<Axis>} but received ${Show<X>}`>
        : WithSize<X, Axis, O>

/** What `split` gives: one value for each size. */
export type SplitParts<X, Sizes extends Dims, Axis extends number> = {
  readonly [I in keyof Sizes]: Sym<CheckedSplit<X, Sizes, Sizes[I], Axis>>
}

type Repeat<T, Count extends number, R extends readonly T[] = []> = R['length'] extends Count
  ? R
  : Repeat<T, Count, readonly [...R, T]>

/** One of Count equal parts of an axis. */
export type ChunkShape<X, Count extends number, Axis extends number> =
  X extends InvalidShape<string>
    ? X
    : AnyRank<X> extends true
      ? readonly number[]
      : number extends SizeOf<X, Axis> | Count
        ? WithSize<X, Axis, number>
        : Mod<SizeOf<X, Axis>, Count> extends 0
          ? WithSize<X, Axis, Divide<SizeOf<X, Axis>, Count>>
          : InvalidShape<`${Count} chunks do not divide the ${Elements<Axis>} of ${Show<X>}`>

/** What `chunk` gives: as many equal parts as Count says. */
export type Chunks<X, Count extends number, Axis extends number> = number extends Count
  ? readonly Sym<ChunkShape<X, Count, Axis>>[]
  : Repeat<Sym<ChunkShape<X, Count, Axis>>, Count>

/** The axes in another order. */
export type PermuteShape<X, Axes extends Dims> =
  X extends InvalidShape<string>
    ? X
    : AnyRank<X> extends true
      ? number[]
      : X extends Dims
        ? X['length'] extends Axes['length']
          ? Bounded<{ -readonly [I in keyof Axes]: X[Axes[I]] }, Dims>
          : number extends Axes['length']
            ? number[]
            : InvalidShape<`permute takes a value of ${Axes['length']} axes but received ${Show<X>}`>
        : never

/** The product of the sizes that are not -1. */
type KnownProduct<T extends Dims, N extends number = 1> = T extends readonly [
  infer H extends number,
  ...infer R extends Dims,
]
  ? KnownProduct<R, H extends -1 ? N : Times<N, H>>
  : N

type Inferred<T extends Dims, Size extends number> = Bounded<
  { -readonly [I in keyof T]: T[I] extends -1 ? Size : T[I] },
  Dims
>

type Mutable<T extends Dims> = Bounded<{ -readonly [I in keyof T]: T[I] }, Dims>

type Reshaped<Count extends number, X, T extends Dims> = number extends Count | KnownProduct<T>
  ? Inferred<T, number>
  : -1 extends T[number]
    ? Mod<Count, KnownProduct<T>> extends 0
      ? Inferred<T, Divide<Count, KnownProduct<T>>>
      : InvalidShape<`reshape to ${Show<T>} does not fit ${Show<X>}`>
    : Count extends KnownProduct<T>
      ? Mutable<T>
      : InvalidShape<`reshape to ${Show<T>} does not fit ${Show<X>}`>

/** T with its -1 replaced, when the number of elements stays. */
export type ReshapeShape<X, T extends Dims> =
  X extends InvalidShape<string>
    ? X
    : number extends T['length']
      ? number[]
      : AnyRank<X> extends true
        ? Inferred<T, number>
        : X extends Dims
          ? Reshaped<Product<X>, X, T>
          : never

type Spliced<X extends Dims, Index extends number, Sizes extends Dims, Before extends Dims = []> = X extends readonly [
  infer H extends number,
  ...infer R extends Dims,
]
  ? Before['length'] extends Index
    ? [...Before, ...Sizes, ...R]
    : Spliced<R, Index, Sizes, [...Before, H]>
  : Before

/** One axis cut into several. */
export type UnflattenShape<X, Axis extends number, Sizes extends Dims> =
  X extends InvalidShape<string>
    ? X
    : AnyRank<X> extends true
      ? number[]
      : X extends Dims
        ? number extends Axis | Sizes['length']
          ? number[]
          : EqualSize<SizeOf<X, Axis>, Product<Sizes>> extends never
            ? InvalidShape<`unflatten of axis ${Axis} into ${Show<Sizes>} does not fit ${Show<X>}`>
            : Spliced<X, AxisIndex<X, Axis>, Sizes>
        : never

type Square<N extends number> = Times<N, N>

/** `[H, W, C r^2]` -> `[H r, W r, C]` */
export type PixelShuffleShape<X, R extends number> =
  X extends InvalidShape<string>
    ? X
    : AnyRank<X> extends true
      ? [number, number, number]
      : X extends readonly [infer H extends number, infer W extends number, infer C extends number]
        ? number extends C | R
          ? [Times<H, R>, Times<W, R>, number]
          : Mod<C, Square<R>> extends 0
            ? [Times<H, R>, Times<W, R>, Divide<C, Square<R>>]
            : InvalidShape<`pixelShuffle: ${Square<R>} does not divide the channels of ${Show<X>}`>
        : InvalidShape<`pixelShuffle takes [height, width, channels] but received ${Show<X>}`>

type Part<N extends number, R extends number> = number extends N | R
  ? number
  : Mod<N, R> extends 0
    ? Divide<N, R>
    : never

/** `[H r, W r, C]` -> `[H, W, C r^2]` */
export type PixelUnshuffleShape<X, R extends number> =
  X extends InvalidShape<string>
    ? X
    : AnyRank<X> extends true
      ? [number, number, number]
      : X extends readonly [infer H extends number, infer W extends number, infer C extends number]
        ? HasNever<[Part<H, R>, Part<W, R>]> extends true
          ? InvalidShape<`pixelUnshuffle: ${R} does not divide height and width of ${Show<X>}`>
          : [Part<H, R>, Part<W, R>, Times<C, Square<R>>]
        : InvalidShape<`pixelUnshuffle takes [height, width, channels] but received ${Show<X>}`>

type PadPair<N extends number, P> = P extends readonly [infer A extends number, infer B extends number]
  ? Plus<N, Plus<A, B>>
  : number

type PadAll<X extends Dims, P extends number> = Bounded<
  X extends readonly [infer H extends number, ...infer R extends Dims]
    ? R extends readonly []
      ? [H]
      : [PadPair<H, [P, P]>, ...PadAll<R, P>]
    : [],
  Dims
>

type PadEach<X extends Dims, P> = Bounded<
  { -readonly [I in keyof X]: I extends keyof P ? PadPair<X[I], P[I]> : number },
  Dims
>

/** The pairs of an object of sides, for a value of as many axes. */
type SidePairs<P> = P extends { readonly left: infer L; readonly right: infer R }
  ? P extends { readonly top: infer T; readonly bottom: infer B }
    ? P extends { readonly front: infer F; readonly back: infer K }
      ? [[F, K], [T, B], [L, R], [0, 0]]
      : [[T, B], [L, R], [0, 0]]
    : [[L, R], [0, 0]]
  : []

type PadPairs<X extends Dims, P extends readonly unknown[]> = X['length'] extends P['length']
  ? PadEach<X, P>
  : number extends P['length']
    ? number[]
    : InvalidShape<`pad of ${P['length']} axes does not fit ${Show<X>}`>

/** A value with cells around it. */
export type PadShape<X, P> =
  X extends InvalidShape<string>
    ? X
    : AnyRank<X> extends true
      ? number[]
      : X extends Dims
        ? P extends number
          ? PadAll<X, P>
          : P extends readonly unknown[]
            ? PadPairs<X, P>
            : PadPairs<X, SidePairs<P>>
        : never

/** One of a number for all axes, or of a list. */
type AtAxis<T, I> = T extends number ? T : I extends keyof T ? Bounded<T[I], number> : number

/** floor(N F) where F is a whole number. */
type Scaled<N extends number, F extends number> = number extends N | F
  ? number
  : `${F}` extends `${bigint}`
    ? Multiply<N, F>
    : number

type Spatial<X> = X extends readonly [...infer S extends Dims, number] ? S : []

type ResizedAxes<S extends Dims, Size, Factor> = Bounded<
  {
    -readonly [I in keyof S]: Size extends undefined ? Scaled<S[I], AtAxis<Factor, I>> : AtAxis<Size, I>
  },
  Dims
>

type ChannelsOf<X> = X extends readonly [...Dims, infer C extends number] ? C : number

/** Other spatial sizes. */
export type ResizeShape<X, Size, Factor> =
  X extends InvalidShape<string>
    ? X
    : AnyRank<X> extends true
      ? number[]
      : X extends Dims
        ? [...ResizedAxes<Spatial<X>, Size, Factor>, ChannelsOf<X>]
        : never

/** `[H, W, C]`, `[H', W', 2]` -> `[H', W', C]` */
export type GridSampleShape<X, G> =
  X extends InvalidShape<string>
    ? X
    : G extends InvalidShape<string>
      ? G
      : true extends AnyRank<X> | AnyRank<G>
        ? number[]
        : X extends Dims
          ? G extends Dims
            ? X['length'] extends G['length']
              ? [...Spatial<G>, ChannelsOf<X>]
              : InvalidShape<`gridSample takes a grid of as many axes but received ${Show<X>} and ${Show<G>}`>
            : never
          : never

type IsReduced<X extends Dims, Axes extends Dims, I> = true extends {
  [K in keyof Axes]: I extends `${AxisIndex<X, Axes[K] & number>}` ? true : false
}[number]
  ? true
  : false

type Kept<X extends Dims, Axes extends Dims> = Bounded<
  { -readonly [I in keyof X]: IsReduced<X, Axes, I> extends true ? 1 : X[I] },
  Dims
>

type Dropped<
  X extends Dims,
  Axes extends Dims,
  Rest extends Dims = X,
  Out extends Dims = [],
  At extends Dims = [],
> = Rest extends readonly [infer H extends number, ...infer R extends Dims]
  ? Dropped<X, Axes, R, IsReduced<X, Axes, `${At['length']}`> extends true ? Out : [...Out, H], [...At, H]>
  : Out extends readonly []
    ? [1]
    : Out

/** Without the axes, or with size 1 on them. */
export type ReduceShape<X, Axes extends Dims, Keep extends boolean> =
  X extends InvalidShape<string>
    ? X
    : AnyRank<X> extends true
      ? number[]
      : X extends Dims
        ? boolean extends Keep
          ? number[]
          : number extends Axes['length']
            ? number[]
            : Keep extends true
              ? Kept<X, Axes>
              : Dropped<X, Axes>
        : never

type BatchOf<X> = X extends readonly [...infer P extends Dims, number, number] ? P : []

type RowsOf<X> = X extends readonly [...Dims, infer R extends number, number] ? R : number

/** The longer of two batches, whose sizes of 1 are repeated. */
type JoinedBatch<A extends Dims, B extends Dims> = A extends readonly [...infer P extends Dims, infer H extends number]
  ? B extends readonly [...infer Q extends Dims, infer I extends number]
    ? [...JoinedBatch<P, Q>, I extends 1 ? H : H extends 1 ? I : EqualSize<H, I>]
    : A
  : B

type Matmul<A extends Dims, B extends Dims, Depth, Columns extends number> =
  HasNever<[EqualSize<ChannelsOf<A>, Depth>, ...JoinedBatch<BatchOf<A>, BatchOf<B>>]> extends true
    ? InvalidShape<`matmul takes matrices that fit but received ${Show<A>} and ${Show<B>}`>
    : [...JoinedBatch<BatchOf<A>, BatchOf<B>>, RowsOf<A>, Columns]

/** `[..., M, K]`, `[..., K, N]` -> `[..., M, N]` */
export type MatmulShape<A, B, Transposed extends boolean> =
  A extends InvalidShape<string>
    ? A
    : B extends InvalidShape<string>
      ? B
      : true extends AnyRank<A> | AnyRank<B>
        ? number[]
        : A extends Dims
          ? B extends Dims
            ? boolean extends Transposed
              ? number[]
              : Transposed extends true
                ? Matmul<A, B, ChannelsOf<B>, RowsOf<B>>
                : Matmul<A, B, RowsOf<B>, ChannelsOf<B>>
            : never
          : never

/** `[L, C]` -> `[L, H]`, or `[L, 2 H]` */
export type RecurrentShape<X, H extends number, Bidirectional> =
  X extends InvalidShape<string>
    ? X
    : AnyRank<X> extends true
      ? [number, number]
      : X extends readonly [infer L extends number, number]
        ? [L, boolean extends Bidirectional ? number : Bidirectional extends true ? Times<H, 2> : H]
        : InvalidShape<`a recurrent layer takes [length, channels] but received ${Show<X>}`>
