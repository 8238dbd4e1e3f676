/** What the registry knows about a network, and how a family file declares its variants. */

import type { PresetName } from '../image/presets.js'
import type { AnySym, Sym } from '../layers/index.js'

export type Task = 'image-classification'

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
  /** The published input; counts are stated for it. */
  readonly inputShape: readonly [height: number, width: number, channels: number]
  /** Smallest side of an input; absent when the weights fit the published size only. */
  readonly minInputSize?: number
  readonly numClasses: number
  /** The pixel preset that the published weights want. */
  readonly preprocessing: PresetName
}

/** Counts for the published input and number of classes. */
export interface VariantFacts {
  /** Learnable parameters. */
  readonly parameters: number
  /** Multiply-accumulates of the convolution and dense layers for one image. */
  readonly macs: number
}

export interface Architecture<Name extends string = string> extends FamilyFacts, VariantFacts {
  readonly name: Name
}

export interface ClassifierOptions<N extends number = number> {
  /** Length of the output, a vector of logits; the published number by default. */
  readonly numClasses?: N | undefined
}

/** A network from `[H, W, C]` to N logits. */
export type Classifier<N extends number> = (x: AnySym) => Sym<[N]>

/** Builds a network as a layer, `[H, W, C]` -> `[numClasses]`. */
export type Builder = (options?: ClassifierOptions) => (x: never) => unknown

/** A builder that knows the facts about what it builds. */
export type ZooBuilder<Name extends string = string, F extends Builder = Builder> = F & {
  readonly architecture: Architecture<Name>
}

/** Starts a family. What it returns declares one variant: its name, its own facts (they win over the family's), its builder. */
export const defineFamily =
  (shared: FamilyFacts) =>
  <const Name extends string, F extends Builder>(
    name: Name,
    own: VariantFacts & Partial<FamilyFacts>,
    build: F,
  ): ZooBuilder<Name, F> =>
    Object.assign(build, { architecture: Object.freeze<Architecture<Name>>({ ...shared, ...own, name }) })
