/** Writes graphs by hand, independently of the layers and of tracing. */

import type { Activation } from '../../lib/graph/activation.js'
import type {
  AnyNode,
  Graph,
  NamedValue,
  Node,
  Op,
  OpAttributes,
  Parameter,
  ParameterRole,
  Reduction,
  ValueId,
} from '../../lib/graph/graph.js'
import { outputSize } from '../../lib/shape.js'
import { randomSource, randomValues } from './random.js'

export interface WindowChoice {
  readonly kernel: readonly number[]
  readonly stride?: readonly number[]
  readonly dilation?: readonly number[]
  readonly padStart?: readonly number[]
  readonly padEnd?: readonly number[]
}

/** Makes nodes one after the other; parameters get random values that follow from the seed. */
export class GraphBuilder {
  readonly parameters = new Map<string, { readonly data: Float32Array; readonly shape: readonly number[] }>()
  readonly #shapes: (readonly number[])[] = []
  readonly #inputs: NamedValue[] = []
  readonly #nodes: AnyNode[] = []
  readonly #constants = new Map<ValueId, Float32Array>()
  readonly #random: () => number

  constructor(seed = 1) {
    this.#random = randomSource(seed)
  }

  shapeOf(value: ValueId): readonly number[] {
    return this.#shapes[value] ?? []
  }

  input(name: string, shape: readonly number[]): ValueId {
    const value = this.#define(shape)
    this.#inputs.push({ name, value })
    return value
  }

  constant(shape: readonly number[]): ValueId {
    const value = this.#define(shape)
    this.#constants.set(value, randomValues(product(shape), this.#random))
    return value
  }

  /** A learned value. */
  parameter(shape: readonly number[]): ValueId {
    const path = this.#path('parameter')
    return this.#append('parameter', path, {}, [], shape, { weight: this.#parameter(path, 'weight', shape) })
  }

  conv(
    x: ValueId,
    outChannels: number,
    choice: WindowChoice,
    options: { groups?: number; bias?: boolean } = {},
  ): ValueId {
    const { groups = 1, bias = true } = options
    const [window, spatial] = this.#slide(x, choice)
    const inChannels = this.shapeOf(x).at(-1) as number
    const path = this.#path('conv')
    const parameters = {
      weight: this.#parameter(path, 'weight', [outChannels, inChannels / groups, ...window.kernel]),
      ...(bias && { bias: this.#parameter(path, 'bias', [outChannels]) }),
    }
    const attributes = { ...window, outChannels, groups, flip: false }
    return this.#append('conv', path, attributes, [x], [...spatial, outChannels], parameters)
  }

  /** Stride 2 and a kernel of 3 along every axis. */
  convTranspose(x: ValueId, outChannels: number): ValueId {
    const shape = this.shapeOf(x)
    const spatial = shape.slice(0, -1)
    const all = (value: number) => spatial.map(() => value)
    const window = { kernel: all(3), stride: all(2), dilation: all(1), padStart: all(1), padEnd: all(0) }
    const path = this.#path('convTranspose')
    const parameters = {
      weight: this.#parameter(path, 'weight', [shape.at(-1) as number, outChannels, ...window.kernel]),
      bias: this.#parameter(path, 'bias', [outChannels]),
    }
    const output = [...spatial.map((size) => 2 * size), outChannels]
    return this.#append('convTranspose', path, { ...window, outChannels, groups: 1 }, [x], output, parameters)
  }

  dense(x: ValueId, outFeatures: number): ValueId {
    const shape = this.shapeOf(x)
    const path = this.#path('dense')
    const parameters = {
      weight: this.#parameter(path, 'weight', [outFeatures, shape.at(-1) as number]),
      bias: this.#parameter(path, 'bias', [outFeatures]),
    }
    return this.#append('dense', path, { outFeatures }, [x], [...shape.slice(0, -1), outFeatures], parameters)
  }

  batchNorm(x: ValueId, affine = true): ValueId {
    const shape = this.shapeOf(x)
    const path = this.#path('norm')
    const size = shape.slice(-1)
    const parameters = {
      runningMean: this.#parameter(path, 'runningMean', size),
      runningVar: this.#parameter(path, 'runningVar', size),
      ...(affine && { weight: this.#parameter(path, 'weight', size), bias: this.#parameter(path, 'bias', size) }),
    }
    return this.#append('batchNorm', path, { eps: 1e-5 }, [x], shape, parameters)
  }

  pool(
    op: 'maxPool' | 'avgPool',
    x: ValueId,
    choice: WindowChoice,
    options: { ceil?: boolean; count?: boolean } = {},
  ): ValueId {
    const { ceil = false, count = true } = options
    const [window, spatial] = this.#slide(x, choice, ceil)
    const shape = [...spatial, this.shapeOf(x).at(-1) as number]
    const pool = { ...window, ceil }
    return op === 'maxPool'
      ? this.#append('maxPool', this.#path(op), pool, [x], shape)
      : this.#append('avgPool', this.#path(op), { ...pool, countIncludePad: count }, [x], shape)
  }

  adaptivePool(op: 'adaptiveMaxPool' | 'adaptiveAvgPool', x: ValueId, size: readonly number[]): ValueId {
    const shape = [...size, this.shapeOf(x).at(-1) as number]
    return this.#append(op, this.#path(op), { outputSize: size }, [x], shape)
  }

  localResponseNorm(x: ValueId): ValueId {
    const attributes = { size: 5, alpha: 0.5, beta: 0.75, k: 2 }
    return this.#append('localResponseNorm', this.#path('lrn'), attributes, [x], this.shapeOf(x))
  }

  activation(x: ValueId, activation: Activation = { kind: 'relu' }): ValueId {
    return this.#append('activation', this.#path('activation'), { activation }, [x], this.shapeOf(x))
  }

  softmax(x: ValueId): ValueId {
    return this.#append('softmax', this.#path('softmax'), {}, [x], this.shapeOf(x))
  }

  logSoftmax(x: ValueId): ValueId {
    return this.#append('logSoftmax', this.#path('logSoftmax'), {}, [x], this.shapeOf(x))
  }

  layerNorm(x: ValueId): ValueId {
    const [shape, path] = [this.shapeOf(x), this.#path('layerNorm')]
    const parameters = {
      weight: this.#parameter(path, 'weight', shape.slice(-1)),
      bias: this.#parameter(path, 'bias', shape.slice(-1)),
    }
    return this.#append('layerNorm', path, { eps: 1e-3 }, [x], shape, parameters)
  }

  layerScale(x: ValueId, { bias = false } = {}): ValueId {
    const [shape, path] = [this.shapeOf(x), this.#path('layerScale')]
    const parameters = {
      scale: this.#parameter(path, 'scale', [shape.at(-1) as number, 1, 1]),
      ...(bias && { bias: this.#parameter(path, 'bias', shape.slice(-1)) }),
    }
    return this.#append('layerScale', path, {}, [x], shape, parameters)
  }

  prelu(x: ValueId, shared = false): ValueId {
    const [shape, path] = [this.shapeOf(x), this.#path('prelu')]
    const parameters = { weight: this.#parameter(path, 'weight', shared ? [1] : shape.slice(-1)) }
    return this.#append('prelu', path, {}, [x], shape, parameters)
  }

  slice(x: ValueId, start: number, end: number): ValueId {
    const shape = [...this.shapeOf(x).slice(0, -1), end - start]
    return this.#append('slice', this.#path('slice'), { start }, [x], shape)
  }

  channelShuffle(x: ValueId, groups: number): ValueId {
    return this.#append('channelShuffle', this.#path('shuffle'), { groups }, [x], this.shapeOf(x))
  }

  identity(x: ValueId): ValueId {
    return this.#append('identity', this.#path('dropout'), { of: 'dropout' }, [x], this.shapeOf(x))
  }

  add(a: ValueId, b: ValueId): ValueId {
    return this.#append('add', this.#path('add'), {}, [a, b], this.shapeOf(a))
  }

  multiply(a: ValueId, b: ValueId): ValueId {
    const [left, right] = [this.shapeOf(a), this.shapeOf(b)]
    const shape = (left.length < right.length ? right : left).map((_, i, { length }) =>
      Math.max(left[i - length + left.length] ?? 1, right[i - length + right.length] ?? 1),
    )
    return this.#append('binary', this.#path('multiply'), { operator: 'multiply' }, [a, b], shape)
  }

  /** Axes 0 and 1 change places. */
  swapAxes(x: ValueId): ValueId {
    const shape = this.shapeOf(x)
    const [first = 1, second = 1, ...rest] = shape
    const offset = 4 - shape.length
    const loops = shape.map((size, axis) => ({
      size,
      from: { axis: offset + axis, step: 1 },
      to: { axis: offset + (axis < 2 ? 1 - axis : axis), step: 1 },
    }))
    return this.#append('rearrange', this.#path('swap'), { of: 'permute', loops }, [x], [second, first, ...rest])
  }

  /** The first axis backwards between two constants. */
  reverseAndPad(x: ValueId, value: number): ValueId {
    const [first = 1, ...rest] = this.shapeOf(x)
    const backwards = Int32Array.of(-1, ...Array.from({ length: first }, (_, i) => first - 1 - i), -1)
    const indices = [backwards, ...rest.map(() => null)]
    return this.#append('gather', this.#path('pad'), { of: 'pad', indices, value }, [x], [first + 2, ...rest])
  }

  /** Means of neighbours along the spatial axes, one more element on each. */
  blend(x: ValueId): ValueId {
    const shape = this.shapeOf(x)
    const tables = shape.slice(0, -1).map((size) => ({
      taps: 2,
      indices: Int32Array.from(
        Array.from({ length: size + 1 }, (_, i) => [Math.max(0, i - 1), Math.min(i, size - 1)]).flat(),
      ),
      weights: Float32Array.from(Array.from({ length: size + 1 }, () => [0.25, 0.75]).flat()),
    }))
    const grown = [...shape.slice(0, -1).map((size) => size + 1), shape.at(-1) as number]
    return this.#append('resample', this.#path('blend'), { of: 'resize', tables }, [x], grown)
  }

  reduce(x: ValueId, operator: Reduction, axes: readonly number[]): ValueId {
    const shape = this.shapeOf(x).map((size, axis) => (axes.includes(axis) ? 1 : size))
    return this.#append('reduce', this.#path('reduce'), { operator, axes }, [x], shape)
  }

  groupNorm(x: ValueId, groups: number): ValueId {
    const [shape, path] = [this.shapeOf(x), this.#path('groupNorm')]
    const parameters = {
      weight: this.#parameter(path, 'weight', shape.slice(-1)),
      bias: this.#parameter(path, 'bias', shape.slice(-1)),
    }
    return this.#append('groupNorm', path, { groups, eps: 1e-2 }, [x], shape, parameters)
  }

  /** Products of the rows of a with those of b. */
  matmul(a: ValueId, b: ValueId): ValueId {
    const [left, right] = [this.shapeOf(a), this.shapeOf(b)]
    const shape = [...left.slice(0, -1), right.at(-2) as number]
    return this.#append('matmul', this.#path('matmul'), { transposed: true }, [a, b], shape)
  }

  concat(...values: readonly ValueId[]): ValueId {
    const channels = values.reduce((sum, value) => sum + (this.shapeOf(value).at(-1) as number), 0)
    const shape = [...this.shapeOf(values[0] as ValueId).slice(0, -1), channels]
    return this.#append('concat', this.#path('concat'), {}, values, shape)
  }

  flatten(x: ValueId): ValueId {
    return this.#append('flatten', this.#path('flatten'), {}, [x], [product(this.shapeOf(x))])
  }

  finish(outputs: Readonly<Record<string, ValueId>>): Graph {
    return {
      values: this.#shapes.map((shape) => ({ shape })),
      inputs: this.#inputs,
      outputs: Object.entries(outputs).map(([name, value]) => ({ name, value })),
      nodes: this.#nodes,
      constants: this.#constants,
    }
  }

  #slide(x: ValueId, choice: WindowChoice, ceil = false) {
    const spatial = this.shapeOf(x).slice(0, -1)
    const all = (value: number) => spatial.map(() => value)
    const { kernel, stride = all(1), dilation = all(1), padStart = all(0), padEnd = padStart } = choice
    const window = { kernel, stride, dilation, padStart, padEnd }
    const at = (list: readonly number[], axis: number) => list[axis] as number
    const output = spatial.map((size, axis) => {
      const one = {
        kernel: at(kernel, axis),
        stride: at(stride, axis),
        dilation: at(dilation, axis),
        padStart: at(padStart, axis),
        padEnd: at(padEnd, axis),
      }
      return outputSize(size, one, ceil)
    })
    return [window, output] as const
  }

  #path(kind: string): string {
    return `${kind}${this.#nodes.length}`
  }

  #parameter(path: string, role: ParameterRole, shape: readonly number[]): Parameter {
    const size = product(shape)
    const fanIn = size / (shape[0] as number)
    const values = randomValues(size, this.#random).map((value) => value / Math.sqrt(fanIn))
    const data = role === 'runningVar' ? values.map((value) => 0.25 + value * value) : values
    const parameter = { path: `${path}.${role}`, shape, learnable: role === 'weight' || role === 'bias' }
    this.parameters.set(parameter.path, { data, shape })
    return parameter
  }

  #append<K extends Op>(
    op: K,
    path: string,
    attributes: OpAttributes[K],
    inputs: readonly ValueId[],
    shape: readonly number[],
    parameters: Node['parameters'] = {},
  ): ValueId {
    const output = this.#define(shape)
    this.#nodes.push({ op, path, attributes, inputs, parameters, output } as AnyNode)
    return output
  }

  #define(shape: readonly number[]): ValueId {
    return this.#shapes.push(shape) - 1
  }
}

export function product(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1)
}
