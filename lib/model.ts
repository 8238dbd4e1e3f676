import { invalidOption, ShapeError, show, WeightsError } from './errors.js'
import { type Graph, type GraphSource, graphParameters, type Parameter } from './graph/graph.js'
import { graphMacs, graphParameterCount, type ModelSummary, summarize } from './graph/summary.js'
import { type Sym, trace } from './graph/trace.js'
import { isBytes, isUrl } from './kinds.js'
import { booleanOption, knownOptions } from './layers/options.js'
import { type CompileOptions, createSession, type Session } from './session.js'
import type { InvalidShape } from './shape-types.js'
import type { Tensor } from './tensor.js'
import { type NamedTensors, namedTensors } from './weights/named-tensors.js'
import { randomWeights } from './weights/random.js'
import { openSafetensors, type ReadSafetensorsOptions, writeSafetensors } from './weights/safetensors.js'
import { matchStateDict } from './weights/state-dict.js'

/** Shapes by name; channels last, without batch. */
export type Shapes = Readonly<Record<string, readonly number[]>>

export interface ModelParameter extends Parameter {
  /** Absent until weights are loaded. */
  readonly data?: Float32Array
}

export interface LoadWeightsOptions extends ReadSafetensorsOptions {
  /** Gives a tensor of the file the name of a parameter; `undefined` leaves the tensor out. */
  readonly rename?: (name: string) => string | undefined
}

export type WeightsSource = string | URL | Uint8Array | NamedTensors

const shapesByName = 'an object of shapes by input name'

const checkShape = (name: string, shape: unknown): void => {
  if (!Array.isArray(shape) || shape.length === 0) {
    throw invalidOption(name, 'a shape without batch, such as [224, 224, 3]', shape)
  }
}

type ShapesOf = (shapes: Shapes) => Graph

const namedShapes = (graph: Graph, values: Graph['inputs']): Shapes =>
  Object.freeze(Object.fromEntries(values.map(({ name, value }) => [name, graph.values[value]?.shape ?? []])))

const readWeights = async (
  source: WeightsSource,
  options: ReadSafetensorsOptions,
): Promise<ReadonlyMap<string, Tensor>> => {
  if (typeof source === 'string' || isUrl(source) || isBytes(source)) return openSafetensors(source, options)
  return namedTensors('the weights', 'a path, the bytes of a safetensors file, or tensors by name', source)
}

/** What marks a model of any copy of the package. */
const brand: unique symbol = Symbol.for('im2col.Model')

/**
 * A traced network and its weights.
 *
 * ```ts
 * import { conv2d, flatten, model, relu, sequential, Tensor } from 'im2col'
 *
 * const net = model({ input: [28, 28, 1] }, sequential(conv2d(8, { kernel: 3 }), relu, flatten))
 * net.randomizeWeights({ seed: 1 })
 * const session = await net.compile({ threads: 2 })
 * const { output } = await session.run({ input: Tensor.zeros([1, 28, 28, 1]) })
 * ```
 */
export class Model<I extends Shapes = Shapes, O extends Shapes = Shapes> {
  readonly graph: Graph
  /** Shapes by input name, channels last, without batch. */
  readonly inputs: I
  /** Shapes by output name, channels last, without batch; a single output is called `output`. */
  readonly outputs: O
  readonly #trace: ShapesOf
  readonly #expected: readonly Parameter[]
  #weights: ReadonlyMap<string, Tensor> | undefined

  /** @internal */
  constructor(inputs: Shapes, traceShapes: ShapesOf) {
    this.graph = traceShapes(inputs)
    this.inputs = namedShapes(this.graph, this.graph.inputs) as I
    this.outputs = namedShapes(this.graph, this.graph.outputs) as O
    this.#trace = traceShapes
    this.#expected = graphParameters(this.graph)
    if (this.#expected.length === 0) this.#weights = new Map()
  }

  /** @internal */
  get [brand](): true {
    return true
  }

  /** Number of learnable parameters; running statistics do not count. */
  get parameterCount(): number {
    return graphParameterCount(this.graph)
  }

  /** Multiply-accumulates with the weights of convolutions, dense and recurrent layers, for one image. */
  get macs(): number {
    return graphMacs(this.graph)
  }

  /** Every stored tensor by path, with PyTorch's shapes; `data` is there once weights are loaded. */
  parameters(): readonly ModelParameter[] {
    return this.#expected.map((parameter) => {
      const tensor = this.#weights?.get(parameter.path)
      if (tensor === undefined) return parameter
      return {
        ...parameter,
        get data() {
          return tensor.data
        },
      }
    })
  }

  /**
   * Layers with output shape, parameters, multiply-accumulates and receptive field; prints them as a table unless `print` is false.
   *
   * Throws OptionError.
   *
   * ```ts
   * import { dense, model } from 'im2col'
   *
   * const { layers, macs } = model({ input: [784] }, dense(10)).summary({ print: false })
   * ```
   */
  summary(options: { readonly print?: boolean } = {}): ModelSummary {
    knownOptions('summary', options, ['print'])
    const { print = true } = options
    booleanOption('print of summary', print)
    const summary = summarize(this.graph)
    if (print) console.log(summary.toString())
    return summary
  }

  /**
   * Takes the weights of every parameter from a safetensors file, its bytes, or tensors by name.
   *
   * Large float32 tensors of a file stay there: `compile` packs them from the file, `parameters` and `weights` bring one into memory when its
   * data is asked for, and changes of that data count for the sessions that are compiled later. The file is kept open, so that it may be
   * removed or replaced; writing into it makes `compile` and `data` throw WeightsError.
   *
   * Throws WeightsError that lists every missing, unexpected and misshaped name; the weights from before then stay. Throws
   * OptionError or DTypeError when the source or an option is none.
   */
  async loadWeights(source: WeightsSource, options: LoadWeightsOptions = {}): Promise<this> {
    knownOptions('loadWeights', options, ['rename', 'signal', 'onProgress'])
    const { rename, ...reading } = options
    if (rename !== undefined && typeof rename !== 'function') {
      throw invalidOption('rename of loadWeights', 'a function from names to names', rename)
    }
    const given = await readWeights(source, reading)
    this.#weights = matchStateDict(this.#expected, given, { rename })
    return this
  }

  /** Writes all weights to a safetensors file. Throws WeightsError when there are none, OptionError for a URL that names no file. */
  async saveWeights(path: string | URL): Promise<void> {
    await writeSafetensors(path, this.weights)
  }

  /**
   * Gives the network random weights (He et al.), to try an architecture before it is trained; the same seed gives the same weights.
   *
   * It computes on the calling thread, about 20 million weights a second: a network of that size holds the event loop up for so long.
   *
   * Throws OptionError when the seed is no integer.
   */
  randomizeWeights(options: { readonly seed?: number } = {}): this {
    knownOptions('randomizeWeights', options, ['seed'])
    const { seed = 0 } = options
    if (!Number.isSafeInteger(seed)) throw invalidOption('seed of randomizeWeights', 'an integer', seed)
    this.#weights = randomWeights(this.#expected, seed)
    return this
  }

  /** @internal */
  get hasWeights(): boolean {
    return this.#weights !== undefined
  }

  /**
   * Takes the tensors of the parameters; others are left.
   *
   * @internal
   */
  takeWeights(weights: ReadonlyMap<string, Tensor>): this {
    this.#weights = new Map(this.#expected.map(({ path }) => [path, weights.get(path) as Tensor]))
    return this
  }

  /** The weights by parameter path. Throws WeightsError before any are loaded. */
  get weights(): ReadonlyMap<string, Tensor> {
    if (this.#weights === undefined) {
      throw new WeightsError(`The ${this.#expected.length} parameters of the model have no weights`, {
        expected: this.#expected.length,
        actual: 0,
        hint: 'Call loadWeights(path) first, or randomizeWeights() to try the architecture',
      })
    }
    return this.#weights
  }

  /** Packs the weights and makes the network ready to run, off the main thread. Throws WeightsError before weights are loaded. */
  async compile(options: CompileOptions = {}): Promise<Session<keyof I & string, keyof O & string>> {
    const source: GraphSource = {
      graph: this.graph,
      parameters: this.weights,
      retrace: (shapes) => this.retrace(shapes),
    }
    return createSession(source, options)
  }

  /**
   * The graph of the same network on inputs of other shapes.
   *
   * Throws ShapeError when a shape does not go through, or a parameter would need another shape; OptionError when it is no shape.
   */
  retrace(shapes: Shapes): Graph {
    if (typeof shapes !== 'object' || shapes === null) throw invalidOption('shapes of retrace', shapesByName, shapes)
    const names = Object.keys(this.inputs)
    if (Object.keys(shapes).length !== names.length || names.some((name) => shapes[name] === undefined)) {
      throw new ShapeError(
        `The model takes the inputs ${names.join(', ')} but shapes were given for ${Object.keys(shapes)}`,
        {
          expected: names,
          actual: Object.keys(shapes),
        },
      )
    }
    for (const name of names) checkShape(`input '${name}' of retrace`, shapes[name])
    const graph = this.#trace(Object.fromEntries(names.map((name) => [name, shapes[name] as readonly number[]])))
    const known = new Map(this.#expected.map((parameter) => [parameter.path, parameter.shape]))
    for (const { path, shape } of graphParameters(graph)) {
      const expected = known.get(path)
      if (expected?.join() !== shape.join()) {
        throw new ShapeError(
          `On inputs of ${names.map((name) => show(shapes[name])).join(', ')} the parameter '${path}' would have the shape ${show(shape)} but it has ${show(expected)}`,
          {
            layer: path,
            expected,
            actual: shape,
            hint: 'A dense layer fixes the size of its input; put adaptive or global pooling before it',
          },
        )
      }
    }
    return graph
  }
}

/** Whether a value is a model, of this copy of the package or another. */
export const isModel = (value: unknown): value is Model => typeof value === 'object' && value !== null && brand in value

type Mutable<X> = { -readonly [K in keyof X]: X[K] }

type IsUnion<T, Whole = T> = T extends unknown ? ([Whole] extends [T] ? false : true) : never

/** What `net` is called with: the one input, or a record of several. */
export type NetInput<I extends Shapes> =
  true extends IsUnion<keyof I> ? { readonly [N in keyof I]: Sym<Mutable<I[N]>> } : Sym<Mutable<I[keyof I]>>

type ShapeIn<R> = R extends Sym<infer X extends readonly number[]> ? X : readonly number[]

/** Output shapes by name. */
export type NetOutputs<R> =
  R extends Sym<unknown> ? { readonly output: ShapeIn<R> } : { readonly [N in keyof R]: ShapeIn<R[N]> }

type InvalidIn<R> =
  R extends Sym<infer X> ? (X extends InvalidShape<string> ? X : never) : { [N in keyof R]: InvalidIn<R[N]> }[keyof R]

/** `unknown` for a network whose shapes agree, else the InvalidShape that says what does not. */
type Accept<R> = [InvalidIn<R>] extends [never] ? unknown : InvalidIn<R>

/**
 * Traces a network on inputs of the given shapes (channels last, without batch: `[H, W, C]`, `[L, C]`, `[features]`).
 *
 * With one input `net` takes its symbolic tensor, with several a record by name; it gives one value, then called `output`, or a record.
 * Throws ShapeError, WeightsError (a layer without a name) and OptionError; known shapes that do not fit are compile errors.
 *
 * ```ts
 * import { conv2d, model, module, relu, type Sym } from 'im2col'
 *
 * const m = { conv: conv2d(16, { kernel: 3, padding: 1 }) }
 * const net = model({ input: [32, 32, 3] }, module(m, <X,>(x: Sym<X>) => relu(m.conv(x))))
 * net.parameters().map(({ path }) => path) // ['conv.weight', 'conv.bias']
 * ```
 */
export const model = <const I extends Shapes, R>(
  inputs: I,
  net: ((input: NetInput<I>) => R) & Accept<R>,
): Model<{ readonly [N in keyof I]: Mutable<I[N]> }, NetOutputs<R>> => {
  if (typeof inputs !== 'object' || inputs === null || Object.keys(inputs).length === 0) {
    throw invalidOption('inputs of model', shapesByName, inputs)
  }
  if (typeof net !== 'function') throw invalidOption('net of model', 'a layer', net)
  for (const [name, shape] of Object.entries(inputs)) checkShape(`input '${name}' of model`, shape)
  return new Model(inputs, (shapes) => trace(shapes, net as (input: never) => unknown))
}
