import type { Graph } from '../graph.js'
import { foldBatchNorm } from './fold-batch-norm.js'
import { foldFlatten } from './fold-flatten.js'
import { foldLayerScale } from './fold-layer-scale.js'
import { fuseActivation } from './fuse-activation.js'
import { fuseResidual } from './fuse-residual.js'
import { removeDeadValues } from './remove-dead-values.js'
import { removeIdentities } from './remove-identities.js'

/** Every pass that needs nothing but the graph, in the order in which they run. */
export const PASSES: readonly ((graph: Graph) => Graph)[] = [
  // Dead readers would keep the passes from fusing.
  removeDeadValues,
  removeIdentities,
  foldFlatten,
  foldBatchNorm,
  foldLayerScale,
  fuseActivation,
  fuseResidual,
  removeDeadValues,
]

/** The graph that computes the same with fewer steps. */
export function optimize(graph: Graph): Graph {
  return PASSES.reduce((current, pass) => pass(current), graph)
}
