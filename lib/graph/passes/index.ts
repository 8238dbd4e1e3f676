import type { Graph } from '../graph.js'
import { foldBatchNorm } from './fold-batch-norm.js'
import { foldFlatten } from './fold-flatten.js'
import { foldLayerScale } from './fold-layer-scale.js'
import { fuseActivation } from './fuse-activation.js'
import { fuseDepthwise } from './fuse-depthwise.js'
import { fuseNorm } from './fuse-norm.js'
import { fuseResidual } from './fuse-residual.js'
import { fuseScale } from './fuse-scale.js'
import { fuseShuffle } from './fuse-shuffle.js'
import { mergeBranches } from './merge-branches.js'
import { removeDeadValues } from './remove-dead-values.js'
import { removeIdentities } from './remove-identities.js'

/** Every pass that needs nothing but the graph, in the order in which they run. */
export const PASSES: readonly ((graph: Graph) => Graph)[] = [
  // Dead readers would keep the passes from fusing.
  removeDeadValues,
  removeIdentities,
  foldFlatten,
  mergeBranches,
  // The branches would be readers of the sum's input.
  removeDeadValues,
  foldBatchNorm,
  foldLayerScale,
  fuseActivation,
  fuseResidual,
  fuseShuffle,
  removeDeadValues,
]

/** The graph that computes the same with fewer steps. */
export function optimize(graph: Graph): Graph {
  return PASSES.reduce((current, pass) => pass(current), graph)
}

/** Joins convolutions with what comes before them where that saves memory traffic, or everywhere. */
export function fuseConvolutions(graph: Graph, where: 'large' | 'everywhere'): Graph {
  return removeDeadValues(fuseDepthwise(fuseNorm(fuseScale(graph)), where))
}
