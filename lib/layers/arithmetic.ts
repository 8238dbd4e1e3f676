/** Operators between two values, element by element. */

import { ShapeError, show } from '../errors.js'
import type { BinaryOperator } from '../graph/graph.js'
import { apply, type Sym } from '../graph/trace.js'
import type { BroadcastShape } from '../shape-types.js'

/** The sizes of both where they agree or one is 1; axes are aligned at the channels. Undefined when they do not fit. */
const broadcast = (a: readonly number[], b: readonly number[]): readonly number[] | undefined => {
  const rank = Math.max(a.length, b.length)
  const sizes = Array.from({ length: rank }, (_, axis) => {
    const left = a[axis - rank + a.length] ?? 1
    const right = b[axis - rank + b.length] ?? 1
    return left === right || right === 1 ? left : left === 1 ? right : undefined
  })
  return sizes.some((size) => size === undefined) ? undefined : (sizes as number[])
}

const binary = <Type extends string>(type: Type, operator: BinaryOperator) => {
  const layer = <A, B>(a: Sym<A>, b: Sym<B>): Sym<BroadcastShape<A, B, Type>> => {
    const at = apply(type, layer, [a, b])
    const left = a.shape as readonly number[]
    const right = b.shape as readonly number[]
    const shape = broadcast(left, right)
    if (shape === undefined) {
      throw new ShapeError(
        `${at.label} takes sizes that are equal or 1 but received ${show(left)} and ${show(right)}`,
        { layer: at.path, expected: left, actual: right },
      )
    }
    return at.emit('binary', { operator }, shape) as never
  }
  return layer
}

/**
 * The product of two values, element by element: `[H, W, C]`, `[H, W, C]` -> `[H, W, C]`.
 *
 * Where one has size 1 along an axis, or lacks axes at the front, it is repeated: `[1, 1, C]`, `[C]` and `[H, W, 1]` scale an
 * image `[H, W, C]` by channel or by place. Throws ShapeError when the sizes do not fit; known ones are a compile error in `model`.
 * Squeeze and excitation: Hu et al., arXiv:1709.01507.
 *
 * ```ts
 * import { conv2d, globalAvgPool, module, multiply, relu, type Sym, sigmoid } from 'im2col'
 *
 * const m = { pool: globalAvgPool(), fc1: conv2d(16, { kernel: 1 }), fc2: conv2d(64, { kernel: 1 }) }
 * const squeeze = module(m, <X,>(x: Sym<X>) => multiply(x, sigmoid(m.fc2(relu(m.fc1(m.pool(x)))))))
 * ```
 */
export const multiply = binary('multiply', 'multiply')

/**
 * The sum of two values whose sizes may differ as those of {@link multiply}: `[H, W, C]`, `[1, 1, C]` -> `[H, W, C]`.
 *
 * `add` takes equal shapes only, which tells a mistake in a residual branch. Throws ShapeError when the sizes do not fit.
 *
 * ```ts
 * import { broadcastAdd, conv2d, globalAvgPool, module, type Sym } from 'im2col'
 *
 * const m = { pool: globalAvgPool(), context: conv2d(64, { kernel: 1 }) }
 * const block = module(m, <X,>(x: Sym<X>) => broadcastAdd(x, m.context(m.pool(x))))
 * ```
 */
export const broadcastAdd = binary('broadcastAdd', 'add')

/**
 * The difference a - b, element by element; sizes of 1 are repeated as by {@link multiply}: `[H, W, C]`, `[1, 1, C]` -> `[H, W, C]`.
 *
 * Throws ShapeError when the sizes do not fit.
 *
 * ```ts
 * import { globalAvgPool, module, type Sym, subtract } from 'im2col'
 *
 * const m = { mean: globalAvgPool() }
 * const center = module(m, <X,>(x: Sym<X>) => subtract(x, m.mean(x)))
 * ```
 */
export const subtract = binary('subtract', 'subtract')

/**
 * The quotient a / b, element by element; sizes of 1 are repeated as by {@link multiply}: `[H, W, C]`, `[H, W, 1]` -> `[H, W, C]`.
 *
 * Throws ShapeError when the sizes do not fit.
 *
 * ```ts
 * import { divide, module, reduce, type Sym } from 'im2col'
 *
 * const shares = module({}, <X,>(x: Sym<X>) => divide(x, reduce('sum', { axes: [-1], keepDims: true })(x)))
 * ```
 */
export const divide = binary('divide', 'divide')

/**
 * The larger of two values, element by element, NaN where one is; sizes of 1 are repeated as by {@link multiply}.
 *
 * `[H, W, C]`, `[H, W, C]` -> `[H, W, C]`. Throws ShapeError when the sizes do not fit.
 *
 * ```ts
 * import { conv2d, maximum, module, type Sym } from 'im2col'
 *
 * const m = { a: conv2d(8, { kernel: 3 }), b: conv2d(8, { kernel: 3 }) }
 * const either = module(m, <X,>(x: Sym<X>) => maximum(m.a(x), m.b(x)))
 * ```
 */
export const maximum = binary('maximum', 'maximum')

/**
 * The smaller of two values, element by element, NaN where one is; sizes of 1 are repeated as by {@link multiply}.
 *
 * `[H, W, C]`, `[H, W, C]` -> `[H, W, C]`. Throws ShapeError when the sizes do not fit.
 *
 * ```ts
 * import { conv2d, minimum, module, type Sym } from 'im2col'
 *
 * const m = { a: conv2d(8, { kernel: 3 }), b: conv2d(8, { kernel: 3 }) }
 * const both = module(m, <X,>(x: Sym<X>) => minimum(m.a(x), m.b(x)))
 * ```
 */
export const minimum = binary('minimum', 'minimum')

/**
 * a to the power of b, element by element, as C's `pow`; sizes of 1 are repeated as by {@link multiply}.
 *
 * `[H, W, C]`, `[C]` -> `[H, W, C]`. Throws ShapeError when the sizes do not fit.
 *
 * ```ts
 * import { constant, model, pow, relu, type Sym, Tensor } from 'im2col'
 *
 * const three = constant(new Tensor(new Float32Array([3]), [1]))
 * const net = model({ input: [7, 7, 512] }, <X,>(x: Sym<X>) => pow(relu(x), three(x)))
 * ```
 */
export const pow = binary('pow', 'pow')
