/** From a network to the plan for one batch and size of its inputs. */

import { Im2colError, WeightsError } from './errors.js'
import type { Graph, GraphSource, Parameter } from './graph/graph.js'
import { type Evaluator, foldConstants } from './graph/passes/fold-constants.js'
import { fuseConvolutions, optimize } from './graph/passes/index.js'
import { lower } from './graph/plan.js'
import type { PlanSpec } from './graph/plan-spec.js'
import { fromChannelsLast, type InputInfo, shapeError, toChannelsLast } from './run-inputs.js'
import type { SessionOptions } from './session-options.js'
import type { Tensor } from './tensor.js'
import { fileRangeOf } from './weights/file-tensor.js'

export interface SizedPlan {
  readonly plan: PlanSpec
  /** Batch first, in the session's axis order. */
  readonly outputShapes: readonly (readonly number[])[]
}

/**
 * The plan for inputs of these shapes (batch first, in the session's axis order); `scope` tells them apart from
 * other shapes, `evaluate` runs a plan that has no inputs.
 *
 * Throws ShapeError when the network cannot take the shapes, WeightsError when a parameter has no data.
 */
export function makePlan(
  source: GraphSource,
  options: SessionOptions,
  infos: readonly InputInfo[],
  shapes: readonly (readonly number[])[],
  scope: string,
  evaluate: (plan: PlanSpec) => readonly Float32Array[],
): SizedPlan {
  const { layout, memory, accuracy, algorithm } = options
  const traced = graphFor(source, options, infos, shapes)
  const data = (parameter: Parameter) => tensorOf(source, parameter).data
  const stored = (parameter: Parameter) => {
    const tensor = tensorOf(source, parameter)
    return fileRangeOf(tensor) ?? tensor.data
  }
  const common = { layout, memory, accuracy, algorithm, data, stored, scope } as const
  const evaluateGraph: Evaluator = (part) =>
    evaluate(lower(part, { ...common, layout: 'nhwc', scope: `folding ${scope}`, batch: 1 }))
  const separate = optimize(foldConstants(traced, evaluateGraph))
  const places = algorithm === 'auto' ? 'large' : algorithm === 'fused' ? 'everywhere' : undefined
  const graph = places === undefined ? separate : fuseConvolutions(separate, places)
  const batch = shapes[0]?.[0] ?? 1
  return {
    plan: lower(graph, { ...common, batch }),
    outputShapes: graph.outputs.map(({ value }) =>
      Object.freeze([batch, ...fromChannelsLast(graph.values[value]?.shape ?? [], layout)]),
    ),
  }
}

/** The graph for the sizes of the inputs: the network's own, or the network traced again. */
function graphFor(
  source: GraphSource,
  { layout }: SessionOptions,
  infos: readonly InputInfo[],
  shapes: readonly (readonly number[])[],
): Graph {
  const other = infos.findIndex((info, i) => info.shape.join() !== shapes[i]?.slice(1).join())
  if (other === -1) return source.graph
  const sizes = infos.map(({ name }, i) => [name, toChannelsLast(shapes[i]?.slice(1) ?? [], layout)] as const)
  try {
    return source.retrace(Object.fromEntries(sizes))
  } catch (error) {
    if (!(error instanceof Im2colError)) throw error
    throw shapeError(infos[other] as InputInfo, shapes[other] ?? [], layout, error)
  }
}

function tensorOf({ parameters }: GraphSource, { path, shape }: Parameter): Tensor {
  const tensor = parameters.get(path)
  if (tensor?.shape.join() === shape.join()) return tensor
  throw new WeightsError(
    `Expected the parameter '${path}' to have the shape [${shape}] but it has ${tensor ? `[${tensor.shape}]` : 'no data'}`,
    {
      layer: path,
      expected: shape,
      actual: tensor?.shape,
    },
  )
}
