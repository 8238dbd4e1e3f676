// One layer each of every kind that the networks of the `convolution` table lack, in a size that a published network has.
import * as im2col from '../dist/index.js'

const { conv1d, conv2d, conv3d, convTranspose1d, convTranspose2d, convTranspose3d, depthwiseConv1d, depthwiseConv2d } =
  im2col
const { depthwiseConv3d, deformConv2d, involution, locallyConnected2d, correlation, mixedDepthwiseConv2d } = im2col
const { gatedConv2d, gridSample, resize, lstm, gru, matmul, maxPool2d, avgPool2d } = im2col
const { lpPool2d, blurPool2d, localResponseNorm, groupNorm, layerNorm, softmax, channelShuffle, pixelShuffle } = im2col

const same = (kernel, options) => ({ kernel, padding: (kernel - 1) / 2, ...options })

const recurrent = 'reads the recurrent weights again for every element of the series'
const involved = { op: 'involution', reason: 'two loads, of an input and of its own weight, for each multiply-add' }

/** `op` is the native step that is looked at; without it all of the layer's steps are. `reason` says why it may stay far below what the machine
 * can do. */
export const operatorCases = [
  one('conv1d 9 (human activity)', [1000, 128], conv1d(128, { kernel: 9, padding: 'same' })),
  one('conv1d 40 (InceptionTime)', [1024, 32], conv1d(32, { kernel: 40, padding: 'same' })),
  one('conv1d causal, dilation 8 (TCN)', [1024, 64], conv1d(64, { kernel: 3, dilation: 8, padding: 'causal' })),
  one(
    'conv1d causal, dilation 512 (WaveNet)',
    [4096, 64],
    conv1d(128, { kernel: 2, dilation: 512, padding: 'causal' }),
  ),
  one('depthwiseConv1d 31', [1024, 256], depthwiseConv1d({ kernel: 31, padding: 15 })),
  one('conv3d 3 (R3D-18)', [8, 28, 28, 128], conv3d(128, same(3))),
  one('conv3d 1x3x3 (R(2+1)D)', [8, 28, 28, 128], conv3d(128, { kernel: [1, 3, 3], padding: [0, 1, 1] })),
  one('conv3d 3x1x1 (R(2+1)D)', [8, 28, 28, 128], conv3d(128, { kernel: [3, 1, 1], padding: [1, 0, 0] })),
  one('conv3d 3, 3 -> 64 (C3D)', [16, 56, 56, 3], conv3d(64, same(3))),
  one('depthwiseConv3d 3 (X3D)', [8, 28, 28, 108], depthwiseConv3d(same(3)), {
    reason: 'kernel planes share no rows of a tile; 108 channels are no whole vectors',
  }),
  one('convTranspose1d 4, stride 2', [1024, 64], convTranspose1d(64, { kernel: 4, stride: 2, padding: 1 })),
  one(
    'convTranspose2d 4, stride 2 (pix2pix)',
    [32, 32, 256],
    convTranspose2d(128, { kernel: 4, stride: 2, padding: 1 }),
  ),
  one('convTranspose2d 2, stride 2 (U-Net)', [32, 32, 256], convTranspose2d(128, { kernel: 2, stride: 2 })),
  one('convTranspose2d 9, stride 3 (FSRCNN)', [64, 64, 56], convTranspose2d(1, { kernel: 9, stride: 3, padding: 3 }), {
    reason: 'pixels of 56 channels lie across cache lines, and nine phases read them',
  }),
  one(
    'convTranspose3d 4, stride 2 (V-Net)',
    [8, 16, 16, 64],
    convTranspose3d(32, { kernel: 4, stride: 2, padding: 1 }),
  ),
  one('conv2d 32 groups of 4 (ResNeXt)', [56, 56, 128], conv2d(128, same(3, { groups: 32 }))),
  one('conv2d 32 groups of 16 (ResNeXt)', [14, 14, 512], conv2d(512, same(3, { groups: 32 }))),
  one('conv2d 2 groups (AlexNet)', [27, 27, 96], conv2d(256, same(5, { groups: 2 }))),
  one('conv2d dilation 2 (DeepLab)', [28, 28, 256], conv2d(256, { kernel: 3, dilation: 2, padding: 2 })),
  one('conv2d dilation 12 (ASPP)', [28, 28, 512], conv2d(256, { kernel: 3, dilation: 12, padding: 12 })),
  one('conv2d 1x7 (Inception)', [17, 17, 128], conv2d(192, { kernel: [1, 7], padding: [0, 3] })),
  one('depthwiseConv2d 7 (ConvNeXt)', [28, 28, 192], depthwiseConv2d(same(7))),
  one('depthwiseConv2d 7, dilation 3 (VAN)', [28, 28, 128], depthwiseConv2d({ kernel: 7, dilation: 3, padding: 9 })),
  one('depthwiseConv2d 31 (RepLKNet)', [56, 56, 128], depthwiseConv2d(same(31))),
  one('depthwiseConv2d 27 (RepLKNet)', [14, 14, 512], depthwiseConv2d(same(27))),
  one('mixedDepthwiseConv2d 3-9 (MixNet)', [28, 28, 240], mixedDepthwiseConv2d({ kernels: [3, 5, 7, 9] }), {
    reason: 'four convolutions, each on a quarter of the channels',
  }),
  one('gatedConv2d 3 (inpainting)', [64, 64, 48], gatedConv2d(96, same(3))),
  two(
    'deformConv2d 3',
    [
      [28, 28, 128],
      [28, 28, 18],
    ],
    deformConv2d(128, same(3)),
    { op: 'deformConv' },
  ),
  two(
    'deformConv2d 3 with mask',
    [
      [28, 28, 128],
      [28, 28, 18],
      [28, 28, 9],
    ],
    deformConv2d(128, same(3)),
    { op: 'deformConv' },
  ),
  one('involution 7, groups of 16 (RedNet)', [28, 28, 128], involution(128, { kernel: 7 }), involved),
  one('involution 7, groups of 16 (RedNet)', [14, 14, 256], involution(256, { kernel: 7 }), involved),
  one('locallyConnected2d 3', [28, 28, 32], locallyConnected2d(32, same(3))),
  two(
    'correlation 21x21, steps of 2 (FlowNetC)',
    [
      [48, 64, 256],
      [48, 64, 256],
    ],
    correlation({ patchSize: 21, patchDilation: 2 }),
  ),
  two(
    'correlation 9x9 (PWC-Net)',
    [
      [56, 64, 64],
      [56, 64, 64],
    ],
    correlation({ patchSize: 9 }),
    { reason: 'adding up the lanes takes as long as a product over 64 channels' },
  ),
  two(
    'gridSample bilinear',
    [
      [64, 64, 64],
      [64, 64, 2],
    ],
    gridSample,
  ),
  one('resize bilinear x2', [56, 56, 128], resize({ scaleFactor: 2, mode: 'bilinear' })),
  one('resize nearest x2', [56, 56, 128], resize({ scaleFactor: 2, mode: 'nearest' })),
  one('resize bicubic x2', [56, 56, 64], resize({ scaleFactor: 2, mode: 'bicubic' })),
  one('maxPool2d 3, stride 2', [112, 112, 64], maxPool2d(same(3, { stride: 2 }))),
  one('avgPool2d 3', [28, 28, 256], avgPool2d(same(3))),
  one('lpPool2d 3, stride 2', [56, 56, 64], lpPool2d({ kernel: 3, stride: 2 })),
  one('blurPool2d', [56, 56, 64], blurPool2d()),
  one('localResponseNorm (AlexNet)', [55, 55, 96], localResponseNorm({ size: 5 }), {
    reason: 'its power takes longer than its bytes',
  }),
  one('groupNorm 32', [56, 56, 64], groupNorm(32)),
  one('layerNorm (ConvNeXt)', [56, 56, 96], layerNorm()),
  one('softmax', [196, 196], softmax),
  one('channelShuffle 3 (ShuffleNet)', [28, 28, 240], channelShuffle(3)),
  one('pixelShuffle 2 (ESPCN)', [64, 64, 256], pixelShuffle(2)),
  two(
    'matmul 196 x 64 x 196',
    [
      [196, 64],
      [64, 196],
    ],
    matmul,
    { reason: 'arranges its right side for the kernel in every run' },
  ),
  one('lstm 512 (captions)', [20, 512], lstm(512), { op: 'lstm', reason: recurrent }),
  one('gru 256', [50, 256], gru(256), { op: 'gru', reason: recurrent }),
]

function one(name, shape, layer, options) {
  return { name, inputs: { input: shape }, net: layer, ...options }
}

function two(name, shapes, layer, options) {
  const inputs = Object.fromEntries(shapes.map((shape, i) => [`input${i}`, shape]))
  return { name, inputs, net: im2col.module({ layer }, (named) => layer(...Object.values(named))), ...options }
}
