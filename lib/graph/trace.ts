/** Runs a network on symbolic tensors and writes down what it does. */

import { invalidOption, ShapeError, WeightsError } from '../errors.js'
import { elementCount, type Place } from '../shape.js'
import type {
  AnyNode,
  Graph,
  NamedValue,
  Node,
  Op,
  OpAttributes,
  Parameter,
  ParameterRole,
  Value,
  ValueId,
} from './graph.js'

/**
 * A tensor that is not there yet: what layers take and give while a network is traced.
 *
 * `X` is its shape, channels-last without batch, in literal numbers as far as they are known.
 */
export class Sym<out X = readonly number[]> {
  readonly shape: X
  /** @internal */
  readonly tracer: Tracer
  /** @internal */
  readonly value: ValueId

  /** @internal */
  constructor(tracer: Tracer, value: ValueId, shape: X) {
    this.tracer = tracer
    this.value = value
    this.shape = shape
    Object.freeze(this)
  }
}

/** A symbolic tensor of any shape. */
export type AnySym = Sym<readonly number[]>

/** A layer whose shapes are known at run time only; every layer of the library is one. */
export type Layer = (x: AnySym) => AnySym

/** What a module calls its children: by identity, because a layer does not know its own name. */
export type ChildNames = ReadonlyMap<object, string>

interface Scope {
  readonly path: string
  /** How errors call it. */
  readonly label: string
  readonly children: ChildNames
  /** False for a module that is nobody's child: what is in it has no name. */
  readonly named: boolean
  /** The child that a `sequential` is calling; it names even functions that occur many times, like `relu`. */
  current: string | undefined
}

const join = (path: string, key: string): string => (path === '' || key === '' ? path + key : `${path}.${key}`)

/** A layer's only parameter may have the name of the layer itself: then its own is empty. */
const parameterNames: Readonly<Record<ParameterRole, string>> = {
  weight: 'weight',
  bias: 'bias',
  scale: '',
  gain: 'gain',
  runningMean: 'running_mean',
  runningVar: 'running_var',
}

type ParameterNames = Readonly<Partial<Record<ParameterRole, string>>>

type ParameterShapes = Readonly<Partial<Record<ParameterRole, readonly number[]>>>

/** One application of a layer: knows its path and writes its node. */
export class Application implements Place {
  readonly path: string
  /** How messages call the layer: `conv2d 'layer1.0.conv1'`. */
  readonly label: string
  readonly #tracer: Tracer
  readonly #layer: object
  readonly #type: string
  readonly #inputs: readonly ValueId[]

  constructor(tracer: Tracer, type: string, layer: object, inputs: readonly ValueId[]) {
    this.#tracer = tracer
    this.#layer = layer
    this.#type = type
    this.#inputs = inputs
    this.path = tracer.pathOf(layer, type)
    this.label = this.path === '' ? type : `${type} '${this.path}'`
  }

  /** The same application of the layer to other values. */
  on(...inputs: readonly AnySym[]): Application {
    const values = inputs.map((input) => input.value)
    return new Application(this.#tracer, this.#type, this.#layer, values)
  }

  /**
   * Appends a node; throws ShapeError when a tensor cannot have the shape, WeightsError when there are parameters and no module names
   * the layer. Attributes that grow with the shape, as tables do, are given as a function, which is called for a possible shape only.
   * `names` is for parameters that a state dict calls otherwise than by their role.
   */
  emit<K extends Op>(
    op: K,
    attributes: OpAttributes[K] | (() => OpAttributes[K]),
    shape: readonly number[],
    parameters: ParameterShapes = {},
    names: ParameterNames = {},
  ): AnySym {
    elementCount(shape, this)
    const named: Partial<Record<ParameterRole, Parameter>> = {}
    for (const role of Object.keys(parameters) as ParameterRole[]) {
      const size = parameters[role]
      if (size !== undefined) named[role] = this.#tracer.parameter(this.#layer, this.#type, role, size, names[role])
    }
    const made = typeof attributes === 'function' ? attributes() : attributes
    const node = { op, path: this.path, attributes: made, inputs: this.#inputs, parameters: named }
    return this.#tracer.append(node as Omit<Node<K>, 'output'>, shape)
  }
}

/** Collects the nodes of one network. */
export class Tracer {
  readonly #values: Value[] = []
  readonly #inputs: NamedValue[] = []
  readonly #nodes: AnyNode[] = []
  readonly #constants = new Map<ValueId, Float32Array>()
  readonly #parameters = new Map<string, { readonly parameter: Parameter; readonly layer: object }>()
  readonly #scopes: Scope[] = []

  /** `net` is the root: its own name is empty. */
  constructor(net: object) {
    this.#scopes.push({
      path: '',
      label: 'the function that was given to model',
      children: new Map([[net, '']]),
      named: true,
      current: undefined,
    })
  }

  input(name: string, shape: readonly number[]): AnySym {
    const sym = this.#define(shape)
    this.#inputs.push(Object.freeze({ name, value: sym.value }))
    return sym
  }

  constant(data: Float32Array, shape: readonly number[]): AnySym {
    const sym = this.#define(shape)
    this.#constants.set(sym.value, data)
    return sym
  }

  append<K extends Op>(node: Omit<Node<K>, 'output'>, shape: readonly number[]): AnySym {
    const sym = this.#define(shape)
    Object.freeze(node.attributes)
    Object.freeze(node.inputs)
    Object.freeze(node.parameters)
    this.#nodes.push(Object.freeze({ ...node, output: sym.value }) as AnyNode)
    return sym
  }

  /** Runs `body` inside the scope of a module; `label` is how errors call the module. */
  within<R>(module: object, type: string, children: ChildNames, body: (step: (key: string) => void) => R): R {
    const outer = this.#innermost
    const path = this.#find(module)
    const named = this.#find(module, true) !== undefined
    const scope: Scope = {
      path: path ?? outer.path,
      label:
        path === undefined
          ? `a ${type} that is no child of ${outer.label}`
          : path === ''
            ? 'the network'
            : `${type} '${path}'`,
      children,
      named,
      current: undefined,
    }
    this.#scopes.push(scope)
    const result = body((key) => {
      scope.current = key
    })
    this.#scopes.pop()
    return result
  }

  /** Path of a layer: its name among the children of the modules around it, else its type. */
  pathOf(layer: object, type: string): string {
    const scope = this.#innermost
    if (scope.current !== undefined) return join(scope.path, scope.current)
    return this.#find(layer) ?? join(scope.path, type)
  }

  /** The parameter of a layer: a layer that runs twice gets the same one twice. */
  parameter(
    layer: object,
    type: string,
    role: ParameterRole,
    shape: readonly number[],
    name = parameterNames[role],
  ): Parameter {
    const scope = this.#innermost
    const owner = this.#find(layer, true)
    if (owner === undefined) {
      throw new WeightsError(
        `${type} has parameters but nothing names them: it is applied in ${scope.label} and is not among its children`,
        {
          layer: scope.path,
          hint: 'Put the layer into the object that is given to module(children, forward), or into sequential(...)',
        },
      )
    }
    const path = join(owner, name)
    const known = this.#parameters.get(path)
    if (known === undefined) {
      elementCount(shape, { label: `${type} '${owner}'`, path: owner })
      const learnable = role !== 'runningMean' && role !== 'runningVar'
      const parameter = Object.freeze({ path, shape: Object.freeze([...shape]), learnable })
      this.#parameters.set(path, { parameter, layer })
      return parameter
    }
    if (known.layer !== layer) {
      throw new WeightsError(`Two layers have the parameter name '${path}'`, { layer: owner })
    }
    if (known.parameter.shape.join() !== shape.join()) {
      throw new ShapeError(
        `${type} '${owner}' is applied twice but would need ${role} [${known.parameter.shape.join(', ')}] and [${shape.join(', ')}]`,
        { layer: owner, expected: known.parameter.shape, actual: shape },
      )
    }
    return known.parameter
  }

  finish(outputs: readonly NamedValue[]): Graph {
    return Object.freeze({
      values: Object.freeze(this.#values),
      inputs: Object.freeze(this.#inputs),
      outputs: Object.freeze(outputs.map((output) => Object.freeze({ ...output }))),
      nodes: Object.freeze(this.#nodes),
      constants: this.#constants,
    })
  }

  get #innermost(): Scope {
    return this.#scopes[this.#scopes.length - 1] as Scope
  }

  #define(shape: readonly number[]): AnySym {
    elementCount(shape)
    const frozen = Object.freeze([...shape])
    this.#values.push(Object.freeze({ shape: frozen }))
    return new Sym(this, this.#values.length - 1, frozen)
  }

  /** The name of a child of the innermost module that has it. */
  #find(layer: object, namedOnly = false): string | undefined {
    for (let i = this.#scopes.length - 1; i >= 0; i--) {
      const scope = this.#scopes[i] as Scope
      const key = scope.named || !namedOnly ? scope.children.get(layer) : undefined
      if (key !== undefined) return join(scope.path, key)
    }
    return undefined
  }
}

/** Begins the application of `layer` to `inputs`, which must be symbolic tensors of one network. */
export const apply = (type: string, layer: object, inputs: readonly unknown[]): Application => {
  const [first] = inputs
  for (const input of inputs) {
    if (!(input instanceof Sym)) {
      throw invalidOption(`the input of ${type}`, 'a symbolic tensor (layers are applied inside model(...))', input)
    }
    if (input.tracer !== (first as AnySym).tracer) {
      throw new ShapeError(`${type} was given values of two different networks`)
    }
  }
  if (first === undefined) throw invalidOption(`the input of ${type}`, 'a symbolic tensor', first)
  const values = (inputs as readonly AnySym[]).map((input) => input.value)
  return new Application((first as AnySym).tracer, type, layer, values)
}

const findSym = (value: unknown): AnySym | undefined => {
  if (value instanceof Sym) return value
  if (typeof value !== 'object' || value === null) return undefined
  for (const item of Object.values(value)) {
    const found = findSym(item)
    if (found !== undefined) return found
  }
  return undefined
}

/** Runs `body` in the scope of a module that is applied to `inputs` (symbolic tensors, or lists and records of them). */
export const applyModule = <R>(
  type: string,
  module: object,
  children: ChildNames,
  inputs: readonly unknown[],
  body: (step: (key: string) => void) => R,
): R => {
  const sym = findSym(inputs)
  if (sym === undefined) {
    throw invalidOption(`the input of ${type}`, 'a symbolic tensor (modules are applied inside model(...))', inputs[0])
  }
  return sym.tracer.within(module, type, children, body)
}

/** Traces `net` on inputs of the given shapes: it takes the one input itself, or a record of several. */
export const trace = (inputs: Readonly<Record<string, readonly number[]>>, net: (input: never) => unknown): Graph => {
  const tracer = new Tracer(net)
  const syms = Object.entries(inputs).map(([name, shape]) => [name, tracer.input(name, shape)] as const)
  const argument: unknown = syms.length === 1 ? syms[0]?.[1] : Object.fromEntries(syms)
  const result = net(argument as never)
  return tracer.finish(namedOutputs(tracer, result))
}

const namedOutputs = (tracer: Tracer, result: unknown): readonly NamedValue[] => {
  const entries =
    result instanceof Sym
      ? [['output', result] as const]
      : Object.entries(typeof result === 'object' && result ? result : {})
  if (entries.length === 0)
    throw invalidOption('what a network returns', 'a symbolic tensor or a record of them', result)
  return entries.map(([name, output]) => {
    if (!(output instanceof Sym) || output.tracer !== tracer) {
      throw invalidOption(`output '${name}' of the network`, 'a symbolic tensor of this network', output)
    }
    return { name, value: output.value }
  })
}
