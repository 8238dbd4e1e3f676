import { invalidOption, ShapeError, show } from '../errors.js'
import { apply, type Sym } from '../graph/trace.js'
import type { ConcatShape, Same } from '../shape-types.js'

/**
 * The sum of two values of one shape.
 *
 * Throws ShapeError when the shapes differ; known shapes that differ are a compile error in `model`.
 *
 * ```ts
 * import { add, conv2d, module, relu, type Sym } from 'im2col'
 *
 * const m = { conv: conv2d(64, { kernel: 3, padding: 1 }) }
 * const residual = module(m, <X,>(x: Sym<X>) => relu(add(m.conv(x), x)))
 * ```
 */
export const add = <A, B>(a: Sym<A>, b: Sym<B>): Sym<Same<A, B>> => {
  const at = apply('add', add, [a, b])
  const left = a.shape as readonly number[]
  const right = b.shape as readonly number[]
  if (left.join() !== right.join()) {
    throw new ShapeError(`${at.label} takes equal shapes but received ${show(left)} and ${show(right)}`, {
      layer: at.path,
      expected: left,
      actual: right,
    })
  }
  return at.emit('add', {}, left) as never
}

/**
 * Values one behind the other along the channels: `[H, W, A]`, `[H, W, B]` -> `[H, W, A + B]`.
 *
 * Throws ShapeError when the spatial sizes differ; known ones that differ are a compile error in `model`.
 *
 * ```ts
 * import { concat, conv2d, module, type Sym } from 'im2col'
 *
 * const m = { one: conv2d(64, { kernel: 1 }), three: conv2d(64, { kernel: 3, padding: 1 }) }
 * const expand = module(m, <X,>(x: Sym<X>) => concat(m.one(x), m.three(x)))
 * ```
 */
export const concat = <const T extends readonly unknown[]>(
  ...values: { readonly [I in keyof T]: Sym<T[I]> }
): Sym<ConcatShape<T>> => {
  const list = values as readonly Sym[]
  if (list.length === 0) throw invalidOption('the input of concat', 'at least one symbolic tensor', undefined)
  const at = apply('concat', concat, list)
  const shapes = list.map((value) => value.shape)
  const first = shapes[0] as readonly number[]
  const spatial = first.slice(0, -1)
  for (const shape of shapes) {
    if (shape.length !== first.length || shape.slice(0, -1).join() !== spatial.join()) {
      throw new ShapeError(
        `${at.label} takes equal spatial sizes but received ${shapes.map((shape) => show(shape)).join(' and ')}`,
        {
          layer: at.path,
          expected: first,
          actual: shape,
        },
      )
    }
  }
  const channels = shapes.reduce((sum, shape) => sum + (shape[shape.length - 1] as number), 0)
  return at.emit('concat', {}, [...spatial, channels]) as never
}
