/** The convolutions of AlexNet on two towers, layers called conv1 to conv5. */

import { conv2d, localResponseNorm, maxPool2d, relu, type Sym } from '../layers/index.js'

export const overlappingPool = maxPool2d({ kernel: 3, stride: 2 })

// The paper's alpha of 1e-4 multiplies the sum of the squares, this layer's their mean.
const responseNorm = localResponseNorm({ size: 5, alpha: 5 * 1e-4, beta: 0.75, k: 2 })

export const towerConvs = () => ({
  conv1: conv2d(96, { kernel: 11, stride: 4, exact: true }),
  conv2: conv2d(256, { kernel: 5, padding: 2, groups: 2 }),
  conv3: conv2d(384, { kernel: 3, padding: 1 }),
  conv4: conv2d(384, { kernel: 3, padding: 1, groups: 2 }),
  conv5: conv2d(256, { kernel: 3, padding: 1, groups: 2 }),
})

/** The maps of the five convolutions, after their ReLUs. */
export const towerMaps = <X>(m: ReturnType<typeof towerConvs>, picture: Sym<X>) => {
  const map1 = relu(m.conv1(picture))
  const map2 = relu(m.conv2(overlappingPool(responseNorm(map1))))
  const map3 = relu(m.conv3(overlappingPool(responseNorm(map2))))
  const map4 = relu(m.conv4(map3))
  return [map1, map2, map3, map4, relu(m.conv5(map4))] as const
}
