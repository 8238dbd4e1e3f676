import { invalidOption, ShapeError, show } from '../errors.js'
import { type AnySym, type Application, apply, Sym } from '../graph/trace.js'
import type { RecurrentShape } from '../moved-shape-types.js'
import { positiveInteger } from '../shape.js'
import { concat } from './combine.js'
import { booleanOption, knownOptions } from './options.js'
import { slice } from './slice.js'

export interface RecurrentOptions<Bidirectional = boolean> {
  /** Layers one above the other; 1 by default. */
  readonly numLayers?: number
  /** Runs a second series of cells from the end to the start, and puts its channels behind those of the first; false by default. */
  readonly bidirectional?: Bidirectional
  /** Adds learned numbers to the gates; true by default. */
  readonly bias?: boolean
}

/** States before the first step: one `[H]` for each layer and direction, the directions of a layer side by side. */
export interface RecurrentStates {
  readonly hidden: readonly Sym<unknown>[]
  /** Of an LSTM; zeros by default. */
  readonly cell?: readonly Sym<unknown>[]
}

/** A series and the states behind its last step, one `[1, H]` for each layer and direction. */
export interface RecurrentResult<X> {
  readonly output: Sym<X>
  readonly hidden: readonly AnySym[]
  /** Of an LSTM, else empty. */
  readonly cell: readonly AnySym[]
}

interface RecurrentLayer<H extends number, Bidirectional> {
  <X>(x: Sym<X>): Sym<RecurrentShape<X, H, Bidirectional>>
  /** The same with the states: those before the first step are zeros by default. Throws OptionError when they are no lists of values. */
  readonly withStates: <X>(x: Sym<X>, initial?: RecurrentStates) => RecurrentResult<RecurrentShape<X, H, Bidirectional>>
}

/**
 * A long short-term memory over a series: `[L, C]` -> `[L, hiddenSize]`, or `[L, 2 hiddenSize]` when `bidirectional`.
 *
 * `layer.withStates(x, { hidden, cell })` also takes and gives the states. Weights are those of PyTorch's LSTM: `weight_ih_l0`
 * (4H, C), `weight_hh_l0` (4H, H), `bias_ih_l0`, `bias_hh_l0` (4H), then `_reverse` and `_l1`. Throws OptionError at once, ShapeError when
 * applied. Hochreiter and Schmidhuber, Neural Computation 9(8), 1997.
 *
 * ```ts
 * import { lstm, model, sequential } from 'im2col'
 *
 * const net = model({ input: [100, 64] }, sequential(lstm(128, { bidirectional: true })))
 * net.outputs.output // [100, 256]
 * ```
 */
export const lstm = <const H extends number, const Bidirectional extends boolean = false>(
  hiddenSize: H,
  options: RecurrentOptions<Bidirectional> = {},
): RecurrentLayer<H, Bidirectional> => recurrent('lstm', hiddenSize, options) as never

/**
 * Gated recurrent units over a series: `[L, C]` -> `[L, hiddenSize]`, or `[L, 2 hiddenSize]` when `bidirectional`.
 *
 * `layer.withStates(x, { hidden })` also takes and gives the states. Weights are those of PyTorch's GRU: `weight_ih_l0` (3H, C),
 * `weight_hh_l0` (3H, H), `bias_ih_l0`, `bias_hh_l0` (3H), then `_reverse` and `_l1`. Throws OptionError at once, ShapeError when applied.
 * Cho et al., arXiv:1406.1078.
 *
 * ```ts
 * import { gru, model, sequential } from 'im2col'
 *
 * const net = model({ input: [100, 64] }, sequential(gru(128, { numLayers: 2 })))
 * net.outputs.output // [100, 128]
 * ```
 */
export const gru = <const H extends number, const Bidirectional extends boolean = false>(
  hiddenSize: H,
  options: RecurrentOptions<Bidirectional> = {},
): RecurrentLayer<H, Bidirectional> => recurrent('gru', hiddenSize, options) as never

type Type = 'lstm' | 'gru'

const gateCounts: Readonly<Record<Type, number>> = { lstm: 4, gru: 3 }

const recurrent = (type: Type, hiddenSize: number, options: RecurrentOptions<unknown>) => {
  positiveInteger(`hiddenSize of ${type}`, hiddenSize)
  knownOptions(type, options, ['numLayers', 'bidirectional', 'bias'])
  const layers = positiveInteger(`numLayers of ${type}`, options.numLayers ?? 1)
  const bias = booleanOption(`bias of ${type}`, options.bias ?? true)
  const directions = booleanOption(`bidirectional of ${type}`, options.bidirectional ?? false) ? 2 : 1
  const withStates = (x: AnySym, initial?: RecurrentStates): RecurrentResult<readonly number[]> => {
    const at = apply(type, layer, [x])
    checkSeries(at, x)
    const states = initialStates(at, type, initial, { x, count: layers * directions, size: hiddenSize })
    const hidden: AnySym[] = []
    const cell: AnySym[] = []
    let output = x
    for (let index = 0; index < layers; index++) {
      const series = Array.from({ length: directions }, (_, direction) => {
        const first = states.map((list) => list[index * directions + direction] as AnySym)
        const cells = { type, layer, size: hiddenSize, bias, name: `_l${index}${direction === 1 ? '_reverse' : ''}` }
        const all = runCells(cells, output, direction === 1, first)
        const last = lastStep(all, direction === 1)
        hidden.push(unitsOf(last, 0, hiddenSize))
        if (type === 'lstm') cell.push(unitsOf(last, hiddenSize, 2 * hiddenSize))
        return unitsOf(all, 0, hiddenSize)
      })
      output = series.length === 1 ? (series[0] as AnySym) : (concat(...series) as unknown as AnySym)
    }
    return { output, hidden, cell }
  }
  const layer = (x: AnySym): AnySym => withStates(x).output
  return Object.assign(layer, { withStates })
}

interface Cells {
  readonly type: Type
  readonly layer: object
  readonly size: number
  readonly bias: boolean
  /** Behind the names of the parameters. */
  readonly name: string
}

/** The states of every step, in the order of the series. */
const runCells = (
  { type, layer, size, bias, name }: Cells,
  x: AnySym,
  reverse: boolean,
  states: readonly AnySym[],
): AnySym => {
  const [length, channels] = x.shape as readonly [number, number]
  const gates = gateCounts[type] * size
  const parameters = (columns: number) => ({ weight: [gates, columns], ...(bias ? { bias: [gates] } : {}) })
  const names = (side: string) => ({ weight: `weight_${side}${name}`, bias: `bias_${side}${name}` })
  const window = { kernel: [1], stride: [1], dilation: [1], padStart: [0], padEnd: [0], groups: 1, flip: false }
  const ofInputs = apply(type, layer, [x]).emit(
    'conv',
    { ...window, outChannels: gates },
    [length, gates],
    parameters(channels),
    names('ih'),
  )
  const at = apply(type, layer, [ofInputs, ...states])
  const shape = [length, type === 'lstm' ? 2 * size : size]
  return at.emit(type, { reverse }, shape, parameters(size), names('hh'))
}

const lastStep = (x: AnySym, reverse: boolean): AnySym => {
  const length = x.shape[0] as number
  return slice(x, { start: reverse ? 0 : length - 1, end: reverse ? 1 : length, axis: 0 }) as unknown as AnySym
}

const unitsOf = (x: AnySym, start: number, end: number): AnySym => slice(x, { start, end }) as unknown as AnySym

const checkSeries = (at: Application, { shape }: AnySym): void => {
  if (shape.length === 2) return
  throw new ShapeError(`${at.label} takes [length, channels] but received ${show(shape)}`, {
    layer: at.path,
    expected: '[length, channels]',
    actual: shape,
  })
}

interface StateSizes {
  /** The series. */
  readonly x: AnySym
  /** States of each kind. */
  readonly count: number
  /** Units of a state. */
  readonly size: number
}

/** Hidden states and, of an LSTM, cell states for every layer and direction; no lists where all are zeros. */
const initialStates = (
  at: Application,
  type: Type,
  initial: RecurrentStates | undefined,
  { x, count, size }: StateSizes,
): readonly (readonly AnySym[])[] => {
  if (initial === undefined) return []
  knownOptions(`withStates of ${at.label}`, initial, type === 'lstm' ? ['hidden', 'cell'] : ['hidden'])
  const { hidden, cell } = initial
  const given = (name: string, states: unknown) => checkStates(at, name, states, count, size)
  if (type === 'gru') return [given('hidden', hidden)]
  const zeros = () => Array.from({ length: count }, () => x.tracer.constant(new Float32Array(size), [size]))
  return [given('hidden', hidden), cell === undefined ? zeros() : given('cell', cell)]
}

const checkStates = (
  at: Application,
  name: string,
  states: unknown,
  count: number,
  size: number,
): readonly AnySym[] => {
  if (!Array.isArray(states) || !states.every((state) => state instanceof Sym)) {
    throw invalidOption(`${name} of the first states of ${at.label}`, 'a list of symbolic tensors', states)
  }
  const fits = states.length === count && states.every(({ shape }) => elements(shape) === size)
  if (fits) return states
  throw new ShapeError(
    `${at.label} takes ${count} first states of ${size} units but received ${show(states.map(({ shape }) => shape))}`,
    { layer: at.path, expected: count, actual: states.length },
  )
}

const elements = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1)
