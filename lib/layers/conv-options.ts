/** What the convolution layers share: their options, and the node that they write. */

import { invalidOption, OptionError, ShapeError, show } from '../errors.js'
import type { Reweighting, WindowAttributes } from '../graph/graph.js'
import type { AnySym, Application } from '../graph/trace.js'
import { padding, positiveInteger, sizes, slideWindow, type WindowOptions } from '../shape.js'
import { booleanOption, knownOptions } from './options.js'
import { emitPad } from './pad.js'

export interface ConvSwitches<E> {
  /** Adds a learned number per output channel; true by default. */
  readonly bias?: boolean
  /** Demands that the windows cover the padded input exactly; false by default. */
  readonly exact?: E
  /** Reverses the kernel along every spatial axis, which makes it a true convolution; false by default. */
  readonly flip?: boolean
}

/** What lies around the input: zeros, the input mirrored at its edge elements, its edge elements, or the input again. */
export type ConvPaddingMode = 'zeros' | 'reflect' | 'replicate' | 'circular'

export interface ConvPadding {
  /** 'zeros' by default. */
  readonly paddingMode?: ConvPaddingMode
}

export interface ConvWeights {
  /**
   * Stores the weights as a direction `weight_v` for each output channel and its length `weight_g` (outChannels, 1, ...) in the place of
   * `weight`, as PyTorch's `weight_norm` does; they are joined when the network is compiled. False by default.
   */
  readonly weightNorm?: boolean
}

export interface ConvGroups {
  /** Parts that input and output channels are cut into, each convolved alone; 1 by default. */
  readonly groups?: number
  /** What the input's channels must be; any by default. */
  readonly inChannels?: number
}

export interface Geometry<K, S, P, D> {
  readonly kernel: K
  /** 1 by default. */
  readonly stride?: S
  /** 0 by default. */
  readonly padding?: P
  /** Distance between neighbouring kernel elements; 1 (contiguous) by default. */
  readonly dilation?: D
}

export type UncheckedConv = Geometry<unknown, unknown, unknown, unknown> & ConvSwitches<unknown> & ConvPadding

export interface ConvSpec {
  readonly window: WindowOptions
  readonly bias: boolean
  readonly flip: boolean
  readonly paddingMode: ConvPaddingMode
}

const geometryNames = ['kernel', 'stride', 'padding', 'dilation']

/** The options of {@link ConvSwitches} and {@link ConvPadding}. */
export const switchNames: readonly string[] = ['bias', 'exact', 'flip', 'paddingMode']

/** All options of a plain convolution beside its geometry. */
export const convNames: readonly string[] = [...switchNames, 'groups', 'inChannels', 'weightNorm']

const paddingModes: readonly unknown[] = [
  'zeros',
  'reflect',
  'replicate',
  'circular',
] satisfies readonly ConvPaddingMode[]

/** Checks the options of a convolution; `names` are those that it has beside kernel, stride, padding and dilation. */
export const convSpec = (type: string, rank: number, options: UncheckedConv, names: readonly string[]): ConvSpec => {
  knownOptions(type, options, [...geometryNames, ...names])
  const { kernel, stride = 1, padding: pad = 0, dilation = 1, bias = true, exact = false, flip = false } = options
  const { paddingMode = 'zeros' } = options
  if (!paddingModes.includes(paddingMode))
    throw invalidOption(`paddingMode of ${type}`, paddingModes.join(', '), paddingMode)
  return {
    window: {
      kernel: sizes(`kernel of ${type}`, rank, kernel),
      stride: sizes(`stride of ${type}`, rank, stride),
      padding: padding(`padding of ${type}`, rank, pad, rank === 1 ? ['same', 'causal'] : ['same']),
      dilation: sizes(`dilation of ${type}`, rank, dilation),
      ceil: false,
      exact: booleanOption(`exact of ${type}`, exact),
    },
    bias: booleanOption(`bias of ${type}`, bias),
    flip: booleanOption(`flip of ${type}`, flip),
    paddingMode,
  }
}

export interface EmittedConv {
  readonly outChannels: number
  readonly groups: number
  readonly reweighting?: Reweighting
  /** Whether the weights come with a gain (O, 1, ...); false by default. */
  readonly hasGain?: boolean
}

/** Writes the convolution's node, and one before it that pads with anything but zeros. */
export const emitConv = (
  at: Application,
  shape: readonly number[],
  spec: ConvSpec,
  { outChannels, groups, reweighting, hasGain = false }: EmittedConv,
): AnySym => {
  const inChannels = shape[shape.length - 1] as number
  const { window, output } = slideWindow(at, shape.slice(0, -1), spec.window)
  const [place, { kernel, ...geometry }] = padAround(at, shape, spec, window)
  const attributes = { kernel, ...geometry, outChannels, groups, flip: spec.flip }
  return place.emit(
    'conv',
    reweighting ? { ...attributes, reweighting } : attributes,
    [...output, outChannels],
    {
      weight: [outChannels, inChannels / groups, ...kernel],
      ...(spec.bias ? { bias: [outChannels] } : {}),
      ...(hasGain ? { gain: [outChannels, 1, ...kernel.map(() => 1)] } : {}),
    },
    reweighting?.kind === 'weightNorm' ? { weight: 'weight_v', gain: 'weight_g' } : {},
  )
}

/** The application to the padded input, and the window without padding; both as they are where zeros do. */
const padAround = (
  at: Application,
  shape: readonly number[],
  { paddingMode }: ConvSpec,
  window: WindowAttributes,
): readonly [Application, WindowAttributes] => {
  const { padStart, padEnd } = window
  if (paddingMode === 'zeros' || [...padStart, ...padEnd].every((cells) => cells === 0)) return [at, window]
  const pairs = [...padStart.map((before, axis) => [before, padEnd[axis] as number] as const), [0, 0] as const]
  const none = padStart.map(() => 0)
  return [at.on(emitPad(at, shape, pairs, paddingMode, 0)), { ...window, padStart: none, padEnd: none }]
}

/** How messages call a shape of this many spatial axes. */
export const axisNames: Readonly<Record<number, string>> = {
  1: '[length, channels]',
  2: '[height, width, channels]',
  3: '[depth, height, width, channels]',
}

export const checkRank = (at: Application, rank: number, shape: readonly number[]): void => {
  if (shape.length !== rank + 1) {
    throw new ShapeError(`${at.label} takes ${axisNames[rank]} but received ${show(shape)}`, {
      layer: at.path,
      expected: axisNames[rank],
      actual: shape,
    })
  }
}

/** Checks the options `groups` and `inChannels`; gives the number of groups. */
export const checkGroups = (type: string, outChannels: number, options: ConvGroups): number => {
  const { groups: parts = 1, inChannels } = options
  const groups = positiveInteger(`groups of ${type}`, parts)
  if (outChannels % groups !== 0) {
    throw invalidOption(`groups of ${type}`, `a divisor of its ${outChannels} output channels`, groups)
  }
  if (inChannels !== undefined && positiveInteger(`inChannels of ${type}`, inChannels) % groups !== 0) {
    throw new OptionError(`inChannels of ${type} is ${inChannels}, which ${groups} groups do not divide`)
  }
  return groups
}

/** Checks the channels of an input against the options `groups` and `inChannels`. */
export const checkChannels = (
  at: Application,
  shape: readonly number[],
  groups: number,
  inChannels: number | undefined,
): void => {
  const channels = shape[shape.length - 1] as number
  if (inChannels !== undefined && channels !== inChannels) {
    throw new ShapeError(`${at.label} takes ${inChannels} channels but received ${show(shape)}`, {
      layer: at.path,
      expected: inChannels,
      actual: channels,
    })
  }
  if (channels % groups !== 0) {
    throw new ShapeError(`${at.label}: ${groups} groups do not divide the ${channels} channels of ${show(shape)}`, {
      layer: at.path,
      expected: `a multiple of ${groups}`,
      actual: channels,
    })
  }
}
