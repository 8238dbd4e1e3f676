/** SqueezeNet 1.1 with the reference data's weights, its photos, and what onnxruntime says about them. */

import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Model } from '../../lib/model.js'
import { renames } from '../../lib/weights/renames.js'
import { createModel } from '../../lib/zoo/registry.js'
import { sharedPath } from './shared.js'

export const weightsPath = 'data/imagenet/squeezenet1_1_fp32.safetensors'
export const onnxPath = 'data/imagenet/squeezenet1_1_fp32.onnx'

/** The weights are Caffe's, and so are the colours that they expect. */
export const preset = 'imagenet-bgr-caffe'

export const fixturePath = fileURLToPath(new URL('../fixtures/squeezenet-photos.json', import.meta.url))

/** Class and probability by file name. */
export type PhotoAnswers = Readonly<Record<string, readonly [index: number, probability: number]>>

export const readAnswers = (): PhotoAnswers => JSON.parse(readFileSync(fixturePath, 'utf8'))

export const photoNames = (): readonly string[] =>
  readdirSync(sharedPath('data/photos'))
    .filter((name) => /\.(png|jpg)$/.test(name))
    .sort()

export const loadSqueezeNet = (): Promise<Model> => {
  const model: Model = createModel('squeezenet1_1')
  return model.loadWeights(sharedPath(weightsPath), { rename: renames['caffe2-squeezenet1_1'] })
}
