import { type AnySym, flatten, globalAvgPool, module, type Sym } from '../layers/index.js'
import { type Classifier, type ClassifierOptions, defineFamily } from './architecture.js'
import { darknet19Sections, outputSection } from './darknet-body.js'

const variant = defineFamily({
  family: 'darknet',
  task: 'image-classification',
  paper: {
    title: 'YOLO9000: Better, Faster, Stronger',
    authors: 'Redmon, Farhadi',
    year: 2016,
    url: 'https://arxiv.org/abs/1612.08242',
  },
  inputs: { input: [224, 224, 3] },
  minInputSize: 32,
  numClasses: 1000,
  preprocessing: 'imagenet',
})

/**
 * Darknet-19: `[224, 224, 3]` -> `[1000]`. Redmon and Farhadi, arXiv:1612.08242.
 *
 * ```ts
 * import { createModel } from 'im2col'
 *
 * const net = createModel('darknet19', { numClasses: 10 })
 * ```
 */
export const darknet19 = variant(
  'darknet19',
  { parameters: 20_842_376, macs: 2_790_989_824 },
  <const N extends number = 1000>({ numClasses = 1000 as N }: ClassifierOptions<N> = {}): Classifier<N> => {
    const sections = darknet19Sections()
    const classifier = outputSection(sections.length, numClasses)
    const m = { module_list: [...sections, classifier], pool: globalAvgPool() }
    return module(m, (x: AnySym) => {
      const features = sections.reduce((value, layer) => layer(value), x)
      return flatten(m.pool(classifier(features))) as Sym<[N]>
    })
  },
)
