/** Tables of where the cells of an axis come from: as large as the axis, so they are made when its size has been checked. */

import { ShapeError } from '../errors.js'
import type { Place } from '../shape.js'

/** No table has more entries: a quarter of a gigabyte here, and some times that while the engine reads it. */
export const maxTableEntries = 2 ** 26

/** Throws ShapeError unless a table may have `taps` entries for each of `cells` cells. */
export const checkTable = (at: Place, cells: number, taps: number): void => {
  if (cells * taps <= maxTableEntries) return
  const entries = taps === 1 ? '' : ` that are made of ${taps} each`
  throw new ShapeError(
    `${at.label}: an axis of ${cells} cells${entries} needs a table of more than ${maxTableEntries} entries`,
    {
      layer: at.path,
      expected: maxTableEntries,
      actual: cells * taps,
    },
  )
}

/** The input element of each of `cells` cells. */
export const indexTable = (at: Place, cells: number, of: (cell: number) => number): Int32Array => {
  checkTable(at, cells, 1)
  const table = new Int32Array(cells)
  for (let cell = 0; cell < cells; cell++) table[cell] = of(cell)
  return table
}
