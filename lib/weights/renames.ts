/** Maps a name in a weights file to the parameter's own name; `undefined` leaves the tensor out. */
export type Rename = (name: string) => string | undefined

/**
 * SqueezeNet as Caffe2 exports it: `conv1_w_0`, `fire2/squeeze1x1_w_0`, ..., `conv10_b_0`.
 * The fire modules are numbered from 2 and `fireAt` holds where each stands in `features`.
 */
function caffe2SqueezeNet(fireAt: readonly number[]): Rename {
  const roles: Readonly<Record<string, string>> = { w: 'weight', b: 'bias' }
  const convolutions: Readonly<Record<string, string>> = { conv1: 'features.0', conv10: 'classifier.1' }
  return (name) => {
    const [, layer = '', role = ''] = /^(.+)_([wb])_0$/.exec(name) ?? []
    const [, fire, squeeze, expand] = /^fire(\d+)\/(?:(squeeze)1x1|(expand1x1|expand3x3))$/.exec(layer) ?? []
    const index = fireAt[Number(fire) - 2]
    const path = index === undefined ? convolutions[layer] : `features.${index}.${squeeze ?? expand}`
    return path && `${path}.${roles[role]}`
  }
}

/**
 * Naming conventions of weights files, each mapped to the names of this package's networks.
 *
 * ```ts
 * import { createModel, renames } from 'im2col'
 *
 * const net = createModel('squeezenet1_1')
 * await net.loadWeights('squeezenet1_1_fp32.safetensors', { rename: renames['caffe2-squeezenet1_1'] })
 * ```
 */
export const renames = {
  'caffe2-squeezenet1_0': caffe2SqueezeNet([3, 4, 5, 7, 8, 9, 10, 12]),
  'caffe2-squeezenet1_1': caffe2SqueezeNet([3, 4, 6, 7, 9, 10, 11, 12]),
  /** The published file still holds `denselayer1.norm.1.weight`, a name that its own network has given up. */
  'torchvision-densenet': (name) => name.replace(/(\.denselayer\d+\.(?:norm|conv))\.(?=[12]\.)/, '$1'),
  /** The published file also holds the two auxiliary classifiers of training. */
  'torchvision-googlenet': (name) => (/^aux[12]\./.test(name) ? undefined : name),
} as const satisfies Record<string, Rename>
