/** What detectors share: their outputs are tables with a row for every anchor, the maps one after the other. */

import { type AnySym, concat, reshape } from '../layers/index.js'

const inOrder = { order: 'channels-last' } as const

const elements = (x: AnySym): number => x.shape.reduce((product, size) => product * size, 1)

/** Maps whose pixels hold the rows of several anchors each, as rows of `width` numbers. */
export const rowsOf = (maps: readonly AnySym[], width: number): AnySym => {
  const lists = maps.map((map) => reshape([elements(map)], inOrder)(map) as AnySym)
  const all = concat(...lists) as AnySym
  return reshape([elements(all) / width, width], inOrder)(all) as AnySym
}

/** A detector's outputs: corrections of the anchors, and scores of the classes before softmax or sigmoid. */
export interface AnchorOutputs {
  readonly deltas: AnySym
  readonly logits: AnySym
}
