// The networks of the comparison, and their files.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { python } from './python.mjs'

/** Registry names, as torchvision spells them, and what people call them. */
export const networks = new Map([
  ['vgg16', 'VGG-16'],
  ['resnet18', 'ResNet-18'],
  ['resnet50', 'ResNet-50'],
  ['squeezenet1_1', 'SqueezeNet 1.1'],
  ['googlenet', 'GoogLeNet'],
  ['inception_v3', 'Inception v3'],
  ['mobilenet_v2', 'MobileNet v2'],
  ['mobilenet_v3_large', 'MobileNet v3 large'],
  ['densenet121', 'DenseNet-121'],
  ['efficientnet_b0', 'EfficientNet-B0'],
  ['shufflenet_v2_x1_0', 'ShuffleNet v2 x1.0'],
  ['resnext50_32x4d', 'ResNeXt-50 32x4d'],
  ['regnet_y_400mf', 'RegNet-Y-400MF'],
  ['convnext_tiny', 'ConvNeXt-T'],
])

/** As many images as export.py writes. */
export const MAX_BATCH = 8

/** Of NCHW images. */
export function imageShape(name, batch) {
  if (name === 'lenet5') return [batch, 1, 28, 28]
  const side = name === 'inception_v3' ? 299 : 224
  return [batch, 3, side, side]
}

const cache = fileURLToPath(new URL('.cache/', import.meta.url))
const exporter = fileURLToPath(new URL('export.py', import.meta.url))

/** The network's files, which export.py makes when they are missing. */
export function networkFiles(name, batch = 1) {
  const files = {
    onnx: `${cache}${name}${batch === 1 ? '' : '.dynamic'}.onnx`,
    weights: `${cache}${name}.safetensors`,
    input: `${cache}${name}.input.f32`,
  }
  if (!Object.values(files).every((file) => existsSync(file))) {
    const form = batch === 1 ? [] : ['--dynamic']
    const { status, error } = spawnSync(python, [exporter, cache, ...form, name], { stdio: ['ignore', 2, 2] })
    if (status !== 0) {
      throw new Error(
        `${name} cannot be exported by ${python} ${error ? `(${error.message})` : ''}: set IM2COL_PYTHON to a Python with torch, torchvision and onnx`,
      )
    }
  }
  return files
}
