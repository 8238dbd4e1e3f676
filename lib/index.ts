/** The public surface. */

export { type Classification, type ClassifyOptions, classify } from './classify.js'
export { type EngineInfo, engineInfo } from './engine.js'
export {
  AbortError,
  DisposedError,
  DTypeError,
  type ErrorCode,
  Im2colError,
  ImageError,
  type MisshapedTensor,
  ModelFormatError,
  NativeError,
  OptionError,
  QueueFullError,
  ShapeError,
  UnknownModelError,
  UnsupportedOpError,
  WeightsError,
  type WeightsMismatch,
} from './errors.js'
export type { Activation } from './graph/activation.js'
export type { Graph, Node, Op, Parameter } from './graph/graph.js'
export type { ReceptiveField } from './graph/receptive-field.js'
export type { LayerSummary, ModelSummary } from './graph/summary.js'
export { type DecodeOptions, decodeImage, type ImageSource } from './image/decode.js'
export { fromPixels, fromPixelsSync } from './image/from-pixels.js'
export { digitLabels, readLabels } from './image/labels.js'
export type { Pixels, Preprocessing } from './image/pixels.js'
export { type PresetName, presets } from './image/presets.js'
export {
  type AnySym,
  type AvgPool1dOptions,
  type AvgPool2dOptions,
  adaptiveAvgPool2d,
  adaptiveMaxPool2d,
  add,
  avgPool1d,
  avgPool2d,
  type BatchNormOptions,
  batchNorm,
  type Conv1dOptions,
  type Conv2dOptions,
  celu,
  channelShuffle,
  chunk,
  clamp,
  concat,
  constant,
  conv1d,
  conv2d,
  type DenseOptions,
  type DepthwiseConv2dOptions,
  dense,
  depthwiseConv2d,
  dropout,
  elu,
  flatten,
  gelu,
  globalAvgPool,
  globalMaxPool,
  hardSigmoid,
  hardSwish,
  identity,
  type Layer,
  type LayerNormOptions,
  type LocalResponseNormOptions,
  layerNorm,
  layerScale,
  leakyRelu,
  localResponseNorm,
  logSoftmax,
  type MaxPool1dOptions,
  type MaxPool2dOptions,
  maxPool1d,
  maxPool2d,
  mish,
  module,
  multiply,
  prelu,
  relu,
  relu6,
  type Sym,
  selu,
  sequential,
  sigmoid,
  silu,
  slice,
  softmax,
  softplus,
  softsign,
  split,
  stochasticDepth,
  tanh,
} from './layers/index.js'
export {
  type LoadWeightsOptions,
  type Model,
  type ModelParameter,
  model,
  type Shapes,
  type WeightsSource,
} from './model.js'
export type {
  CompileOptions,
  RunInputs,
  RunOptions,
  RunOutputs,
  Session,
  SessionMemory,
  StepProfile,
} from './session.js'
export type { Padding1d, Padding2d, Size2d } from './shape.js'
export type { InvalidShape } from './shape-types.js'
export { Tensor } from './tensor.js'
export { type Rename, renames } from './weights/renames.js'
export { type ReadSafetensorsOptions, readSafetensors, writeSafetensors } from './weights/safetensors.js'
export type { Architecture, ClassifierOptions, Paper, Task } from './zoo/architecture.js'
export {
  alexnet,
  alexnetOf2012,
  densenet121,
  googlenet,
  lenet5,
  lenet5Of1998,
  mobilenetV2,
  resnet18,
  resnet34,
  resnet50,
  resnet101,
  resnet152,
  squeezenet1_0,
  squeezenet1_1,
  vgg11,
  vgg11Bn,
  vgg13,
  vgg13Bn,
  vgg16,
  vgg16Bn,
  vgg19,
  vgg19Bn,
} from './zoo/index.js'
export {
  type CreateModelOptions,
  createModel,
  listModels,
  type ModelFilter,
  type ModelName,
  modelInfo,
} from './zoo/registry.js'
