import { tfjsLayers } from './tfjs-layers.mjs'

export const commands = await tfjsLayers('cpu')
