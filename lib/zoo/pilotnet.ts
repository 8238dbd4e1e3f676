import { type AnySym, conv2d, dense, flatten, module, relu } from '../layers/index.js'
import { defineFamily } from './architecture.js'

const variant = defineFamily({
  family: 'pilotnet',
  task: 'steering',
  paper: {
    title: 'End to End Learning for Self-Driving Cars',
    authors:
      'Bojarski, Del Testa, Dworakowski, Firner, Flepp, Goyal, Jackel, Monfort, Muller, Zhang, Zhang, Zhao, Zieba',
    year: 2016,
    url: 'https://arxiv.org/abs/1604.07316',
  },
  inputs: { input: [66, 200, 3] },
  preprocessing: { preset: 'unit', fit: 'fill' },
})

const strided = (width: number) => conv2d(width, { kernel: 5, stride: 2 })

/**
 * PilotNet: a normalised YUV picture of the road `[66, 200, 3]` -> the inverse of the turning radius `[1]`. Bojarski et al., arXiv:1604.07316.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('pilotnet')
 * ```
 */
export const pilotnet = variant('pilotnet', { parameters: 252_219, macs: 26_876_342 }, () => {
  const m = {
    conv1: strided(24),
    conv2: strided(36),
    conv3: strided(48),
    conv4: conv2d(64, { kernel: 3 }),
    conv5: conv2d(64, { kernel: 3 }),
    fc1: dense(100),
    fc2: dense(50),
    fc3: dense(10),
    fc4: dense(1),
  }
  return module(m, (x: AnySym) => {
    const seen = relu(m.conv3(relu(m.conv2(relu(m.conv1(x))))))
    const features = flatten(relu(m.conv5(relu(m.conv4(seen)))))
    return m.fc4(relu(m.fc3(relu(m.fc2(relu(m.fc1(features)))))))
  })
})
