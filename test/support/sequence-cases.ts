/** Cases of products of matrices, of attention, and of recurrent layers. */

import fc from 'fast-check'
import {
  type AnySym,
  add,
  concat,
  gru,
  type Layer,
  lstm,
  matmul,
  module,
  multiHeadAttention,
  relu,
  sequential,
} from '../../lib/index.js'
import { type Cases, channels, int } from './sweep-shapes.js'

const matmulCases: Cases = fc
  .record({
    batch: fc.array(int(1, 3), { maxLength: 2 }),
    shared: int(0, 2),
    rows: fc.oneof(int(1, 20), fc.constantFrom(1, 65)),
    depth: channels,
    columns: channels,
    transposeB: fc.boolean(),
    isActive: fc.boolean(),
  })
  .map(({ batch, shared, rows, depth, columns, transposeB, isActive }) => {
    const matrix = transposeB ? [columns, depth] : [depth, columns]
    const right = batch.slice(Math.min(shared, batch.length)).map((size) => (shared === 2 ? 1 : size))
    return {
      inputs: { a: [...batch, rows, depth], b: [...right, ...matrix] },
      net: ({ a, b }: Readonly<Record<'a' | 'b', AnySym>>) => {
        const y = matmul(a, b, { transposeB }) as AnySym
        return isActive ? relu(y) : y
      },
      options: { transposeB },
    }
  })

const attentionCases: Cases = fc
  .record({
    spatial: fc.array(int(1, 5), { minLength: 1, maxLength: 2 }),
    heads: int(1, 3),
    width: int(1, 9),
    bias: fc.boolean(),
  })
  .map(({ spatial, heads, width, bias }) => {
    const m = { norm: multiHeadAttention(heads, { bias }) }
    return {
      inputs: { input: [...spatial, heads * width] },
      net: module(m, (x: AnySym) => add(m.norm(x), x) as AnySym),
      options: { heads, width },
    }
  })

const recurrentCases: Cases = fc
  .record({
    length: int(1, 5),
    depth: int(1, 9),
    size: fc.constantFrom(1, 2, 5, 16, 17),
    isLstm: fc.boolean(),
    numLayers: int(1, 2),
    bidirectional: fc.boolean(),
    bias: fc.boolean(),
  })
  .map(({ length, depth, size, isLstm, ...options }) => ({
    inputs: { input: [length, depth] },
    net: sequential((isLstm ? lstm(size, options) : gru(size, options)) as unknown as Layer),
    options: { isLstm, size, ...options },
  }))

const stateCases: Cases = fc
  .record({ length: int(1, 4), depth: int(1, 5), size: fc.constantFrom(1, 5, 16, 17), isLstm: fc.boolean() })
  .map(({ length, depth, size, isLstm }) => {
    const m = { cells: isLstm ? lstm(size) : gru(size) }
    const states = { h: [size], ...(isLstm ? { c: [size] } : {}) }
    return {
      inputs: { input: [length, depth], ...states },
      net: module(m, ({ input, h, c }: { readonly input: AnySym; readonly h: AnySym; readonly c?: AnySym }) => {
        const { output, hidden, cell } = m.cells.withStates(input, { hidden: [h], ...(c && { cell: [c] }) })
        return { output, last: concat(...hidden, ...cell) }
      }),
      options: { isLstm, size },
    }
  })

export const sequenceFamilies: Readonly<Record<string, Cases>> = {
  matmul: matmulCases,
  multiHeadAttention: attentionCases,
  'lstm, gru': recurrentCases,
  'lstm and gru with states': stateCases,
}
