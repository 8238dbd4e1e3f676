/** A session over a graph that was made by hand. */

import type { Graph } from '../../lib/graph/graph.js'
import { type CompileOptions, createSession, type Session } from '../../lib/session.js'
import { Tensor } from '../../lib/tensor.js'
import type { ParameterMap } from './reference.js'

export function sessionOf(graph: Graph, parameters: ParameterMap, options?: CompileOptions): Promise<Session> {
  const tensors = new Map([...parameters].map(([path, { data, shape }]) => [path, new Tensor(data, shape)]))
  return createSession({ graph, parameters: tensors, retrace: () => graph }, options)
}

/** Inputs of a graph as tensors with a batch. */
export function tensorsFor(
  graph: Graph,
  inputs: Readonly<Record<string, Float32Array>>,
  batch: number,
): Record<string, Tensor> {
  return Object.fromEntries(
    graph.inputs.map(({ name, value }) => {
      const shape = [batch, ...(graph.values[value]?.shape ?? [])]
      return [name, new Tensor(inputs[name] as Float32Array, shape)]
    }),
  )
}
