import { type AnySym, type Application, apply, type Layer } from '../graph/trace.js'
import { checkChannels, checkRank } from './conv-options.js'
import { module } from './module.js'

/** A module that takes images `[H, W, channels]`, of any channels when undefined, and throws ShapeError for anything else. */
export const imageModule = (
  type: string,
  channels: number | undefined,
  children: object,
  forward: (x: AnySym, at: Application) => AnySym,
): Layer => {
  const layer: Layer = module(children, (x: AnySym): AnySym => {
    const at = apply(type, layer, [x])
    checkRank(at, 2, x.shape)
    checkChannels(at, x.shape, 1, channels)
    return forward(x, at)
  })
  return layer
}
