/** What the registry knows about a network, and how a family file declares its variants. */

import type { Preprocessing } from '../image/pixels.js'
import { describePicture, type PictureFacts, type PresetName } from '../image/presets.js'
import type { AnySym, Sym } from '../layers/index.js'
import { knownOptions, positiveInteger } from '../layers/options.js'

export type Task =
  | 'audio-classification'
  | 'background-subtraction'
  | 'edge-detection'
  | 'embedding'
  | 'image-captioning'
  | 'image-classification'
  | 'image-resizing'
  | 'image-restoration'
  | 'image-to-image'
  | 'inpainting'
  | 'object-detection'
  | 'optical-flow'
  | 'pose-estimation'
  | 'semantic-segmentation'
  | 'sequence-modeling'
  | 'steering'
  | 'super-resolution'
  | 'text-classification'
  | 'time-series-classification'
  | 'video-classification'

export interface Paper {
  readonly title: string
  readonly authors: string
  readonly year: number
  readonly url: string
}

/** What the variants of a family usually share. */
export interface FamilyFacts {
  readonly family: string
  readonly task: Task
  readonly paper: Paper
  /** The published inputs by name, channels last, without batch; counts are stated for them. */
  readonly inputs: Readonly<Record<string, readonly number[]>>
  /** Smallest size of every spatial axis of an input; absent when the weights fit the published size only. */
  readonly minInputSize?: number
  /** What the spatial sizes of an input must be multiples of; 1 by default. */
  readonly inputMultiple?: number
  /** True when the network depends on the published number of input channels. */
  readonly fixedChannels?: boolean
  /** Absent when the output has no axis of classes. */
  readonly numClasses?: number
  /**
   * What the published weights want of a picture, or of each of several or of a frame, where the input is such: a preset, or what differs
   * from one. A variant states what differs from its family.
   */
  readonly preprocessing?: PresetName | PictureFacts
}

/** Counts for the published inputs and number of classes. */
export interface VariantFacts {
  /** Learnable parameters. */
  readonly parameters: number
  /** Multiply-accumulates with the weights of convolutions, dense and recurrent layers, for one set of inputs. */
  readonly macs: number
}

export interface Architecture<Name extends string = string> extends Omit<FamilyFacts, 'preprocessing'>, VariantFacts {
  readonly name: Name
  /**
   * How a picture, or each of several or a frame of a video, becomes the first input in its published size, for the published weights;
   * absent when the network does not take pictures.
   */
  readonly preprocessing?: Preprocessing
}

export interface ClassifierOptions<N extends number = number> {
  /** Length of the output, a vector of logits; the published number by default. */
  readonly numClasses?: N | undefined
}

/** A network from `[H, W, C]` to N logits. */
export type Classifier<N extends number> = (x: AnySym) => Sym<[N]>

/** Builds a network as a function of its one input, or of a record of several; options are those of the family. */
export type Builder = (options?: never) => (input: never) => unknown

/** A builder that knows the facts about what it builds. */
export type ZooBuilder<Name extends string = string, F extends Builder = Builder> = F & {
  readonly architecture: Architecture<Name>
}

/** Throws OptionError, which calls the option `name`, unless the value is right. */
type OptionCheck = (name: string, value: unknown) => unknown

/** One for each option that a builder has besides the number of classes. */
type OwnChecks<F extends Builder> = {
  readonly [Option in Exclude<keyof NonNullable<Parameters<F>[0]>, 'numClasses'>]: OptionCheck
}

/** A builder that refuses options which it does not have, and values which fail the check of theirs. */
const checkedBuilder = (name: string, checks: Readonly<Record<string, OptionCheck>>, build: Builder): Builder => {
  return (options: Readonly<Record<string, unknown>> = {}) => {
    knownOptions(`networkBuilder('${name}')`, options, Object.keys(checks))
    for (const [option, value] of Object.entries(options)) {
      if (value !== undefined) checks[option]?.(`${option} of '${name}'`, value)
    }
    return build(options as never)
  }
}

const pictureFacts = ({ preprocessing }: Partial<FamilyFacts>): PictureFacts | undefined =>
  typeof preprocessing === 'string' ? { preset: preprocessing } : preprocessing

/** How a picture becomes the first input. */
const preprocessingOf = (shared: FamilyFacts, own: Partial<FamilyFacts>): Preprocessing | undefined => {
  const [family, variant] = [pictureFacts(shared), pictureFacts(own)]
  if (family === undefined && variant === undefined) return undefined
  const shape = Object.values(own.inputs ?? shared.inputs)[0] as readonly number[]
  return describePicture({ ...family, ...variant }, shape.slice(-3, -1) as [number, number])
}

/**
 * Starts a family. What it returns declares one variant: its name, its own facts (they win over the family's), its builder, and a check
 * for each option that the builder has besides the number of classes.
 */
export const defineFamily =
  (shared: FamilyFacts) =>
  <const Name extends string, F extends Builder>(
    name: Name,
    own: VariantFacts & Partial<FamilyFacts>,
    build: F,
    checks?: OwnChecks<F>,
  ): ZooBuilder<Name, F> => {
    const { preprocessing: _, ...facts } = { ...shared, ...own }
    const preprocessing = preprocessingOf(shared, own)
    const picture = preprocessing === undefined ? {} : { preprocessing: Object.freeze(preprocessing) }
    const architecture = Object.freeze<Architecture<Name>>({ ...facts, ...picture, name })
    const classes = architecture.numClasses === undefined ? {} : { numClasses: positiveInteger }
    return Object.assign(checkedBuilder(name, { ...classes, ...checks }, build) as F, { architecture })
  }
