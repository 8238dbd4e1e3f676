import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { OptionError, ShapeError, UnknownModelError } from '../lib/errors.js'
import { dense, relu, sequential } from '../lib/layers/index.js'
import { type Model, model } from '../lib/model.js'
import * as zoo from '../lib/zoo/index.js'
import { createModel, listModels, modelInfo, networkBuilder } from '../lib/zoo/registry.js'

const architectures = listModels()
const zooFolder = join(import.meta.dirname, '../lib/zoo')

describe.each(architectures)('$name', (architecture) => {
  const { name, inputs, numClasses, minInputSize, inputMultiple = 1, fixedChannels = false } = architecture
  const published = createModel(name)
  const shapesOf = (net: Model) => net.parameters().map(({ path, shape }) => `${path} ${shape.join()}`)
  const sizesOf = (grow: (size: number, axis: number) => number) =>
    Object.values(inputs).map((shape) => shape.slice(0, -1).map(grow))

  test('has the published parameters and multiply-accumulates', () => {
    expect(published.inputs).toEqual(inputs)
    expect({ parameters: published.parameterCount, macs: published.macs }).toEqual({
      parameters: architecture.parameters,
      macs: architecture.macs,
    })
  })

  test('names every parameter once', () => {
    const paths = published.parameters().map(({ path }) => path)
    expect(paths.length).toBeGreaterThan(0)
    expect(new Set(paths).size).toBe(paths.length)
  })

  test.runIf(numClasses !== undefined)('takes another number of classes, which changes its heads only', () => {
    const classes = (numClasses as number) + 7
    const other = createModel(name, { numClasses: classes })
    const before = shapesOf(published)
    const changed = shapesOf(other).filter((line) => !before.includes(line))
    expect(
      Object.values(other.outputs)
        .flat()
        // A detector that finds objects by a score of its own has five numbers more for each box.
        .some((size) => size % classes === 0 || size % (classes + 5) === 0),
    ).toBe(true)
    expect(changed.length).toBeGreaterThan(0)
    expect(changed.length).toBeLessThanOrEqual(published.parameters().length / 2)
  })

  test.runIf(numClasses === undefined)('has no number of classes to change', () => {
    expect(() => createModel(name, { numClasses: 7 })).toThrow(OptionError)
  })

  test('has a builder that refuses what it does not know', () => {
    const build = networkBuilder(name as 'unet') as (options: unknown) => unknown
    expect(() => build({ numclasses: 3 })).toThrow(/no option "numclasses"; it has /)
    expect(() => build(null)).toThrow(OptionError)
    const refused = numClasses === undefined ? 5 : 0
    expect(() => build({ numClasses: refused })).toThrow(/numClasses/)
  })

  test('takes another number of input channels, unless it depends on them', () => {
    const [channels] = Object.values(inputs).map((shape) => shape.at(-1) as number) as [number]
    const attempt = () => createModel(name, { inChannels: channels + 1 })
    if (fixedChannels) expect(attempt).toThrow(OptionError)
    else expect(attempt().parameterCount).not.toBe(published.parameterCount)
  })

  test('takes other sizes of inputs, with the same parameters unless it is bound to one size', () => {
    const step = Math.ceil(32 / inputMultiple) * inputMultiple
    const [sizes] = sizesOf((size, axis) => size + step * (axis + 1)) as [number[]]
    const other = createModel(name, { inputSize: sizes })
    const resized = Object.values(other.inputs).filter((shape) => shape.length === sizes.length + 1)
    expect(resized.length).toBeGreaterThan(0)
    for (const shape of resized) expect(shape.slice(0, -1)).toEqual(sizes)
    expect(other.parameterCount === published.parameterCount).toBe(minInputSize !== undefined)
  })

  test.runIf(minInputSize !== undefined)('goes down to its smallest input and no further', () => {
    const smallest = minInputSize as number
    expect(Object.keys(createModel(name, { inputSize: smallest }).outputs)).toEqual(Object.keys(published.outputs))
    const smaller = () => createModel(name, { inputSize: smallest - inputMultiple })
    expect(smaller).toThrow(smallest > inputMultiple ? ShapeError : OptionError)
  })

  test('says where it comes from', () => {
    const { family, task, paper } = architecture
    for (const text of [family, task, paper.title, paper.authors]) expect(text).toMatch(/\w{3}/)
    expect(paper.url).toMatch(/^https:\/\/\S+$/)
    expect(paper.year).toBeGreaterThanOrEqual(1980)
    expect(Object.isFrozen(architecture)).toBe(true)
  })
})

describe('the registry', () => {
  test('has every family file of the zoo, and every builder under a name of its own', () => {
    const shared = [
      'alexnet-2012-body.ts',
      'architecture.ts',
      'blocks.ts',
      'convnext-body.ts',
      'darknet-body.ts',
      'detection-heads.ts',
      'efficient-3d.ts',
      'inception-blocks.ts',
      'index.ts',
      'inverted-residual.ts',
      'load-lazily.ts',
      'load.ts',
      'mbconv.ts',
      'mobilenet-v3-body.ts',
      'mobilenet-v4-blocks.ts',
      'normalizer-free.ts',
      'parallel-branches.ts',
      'pre-activation.ts',
      'registry.ts',
      'replknet-body.ts',
      'residual.ts',
    ]
    const files = readdirSync(zooFolder).filter((file) => !shared.includes(file))
    const index = readFileSync(join(zooFolder, 'index.ts'), 'utf8')
    expect(files.length).toBeGreaterThan(0)
    expect(
      index
        .match(/'\.\/.*(?=\.js')/g)
        ?.map((line) => `${line.slice(3)}.ts`)
        .sort(),
    ).toEqual(files.sort())
    expect(architectures).toHaveLength(Object.keys(zoo).length)
  })

  test('lists by family and by task', () => {
    expect(listModels({ family: 'squeezenet' }).map(({ name }) => name)).toEqual([
      'squeezenet1_0',
      'squeezenet1_1',
      'squeezeresnet_v1_0',
      'squeezeresnet_v1_1',
    ])
    const classifiers = listModels({ task: 'image-classification' }).map(({ name }) => name)
    expect(classifiers).toContain('lenet5')
    expect(classifiers).toEqual(
      architectures.filter(({ task }) => task === 'image-classification').map(({ name }) => name),
    )
  })

  test.each([
    [{ family: 'resnets' }, /No family of models is called "resnets".*resnet/],
    [{ task: 'detection' }, /No task of models is called "detection".*object-detection/],
    [{ tsk: 'x' }, /listModels has no option "tsk".*task/],
    [null, /options of listModels to be an object/],
  ])('refuses to list by %j', (filter, message) => {
    expect(() => listModels(filter as never)).toThrow(OptionError)
    expect(() => listModels(filter as never)).toThrow(message)
  })

  test('knows each architecture by name', () => {
    expect(modelInfo('resnet50')).toBe(zoo.resnet50.architecture)
  })

  test.each([
    ['resnet5', /"resnet5".*resnet50/],
    ['MobileNet-V2', /"MobileNet-V2".*mobilenet_v2/],
    ['vgg_16', /"vgg_16".*vgg16/],
    ['', /"".*The nearest names are \w+, \w+, \w+/],
  ])('suggests the nearest names for "%s"', (name, message) => {
    for (const attempt of [() => createModel(name), () => modelInfo(name)]) {
      expect(attempt).toThrow(UnknownModelError)
      expect(attempt).toThrow(message)
      expect(attempt).toThrow(expect.objectContaining({ code: 'ERR_UNKNOWN_MODEL', actual: name }))
    }
  })

  test('refuses options that make no sense', () => {
    expect(() => createModel('lenet5', { classes: 3 } as never)).toThrow(/classes.*numClasses/)
    expect(() => createModel('lenet5', [1] as never)).toThrow(/options of createModel to be an object/)
    expect(() => createModel('lenet5', { inputSize: [28] as never })).toThrow(/inputSize.*\[height, width\].*\[28\]/)
    expect(() => createModel('srcnn', { numClasses: 5 })).toThrow(/numClasses of 'srcnn' to be absent, because/)
  })

  test.each(['numClasses', 'inputSize', 'inChannels'])('refuses a wrong %s by its name', (option) => {
    for (const wrong of [0, -1, 1.5, '20', null, Number.NaN]) {
      const attempt = () => createModel('yolov2_tiny_voc', { [option]: wrong } as never)
      expect(attempt).toThrow(OptionError)
      expect(attempt).toThrow(`${option} of 'yolov2_tiny_voc'`)
    }
  })
})

describe('builders', () => {
  test('carry the number of classes in their type', () => {
    const output: readonly [7] = model({ input: [224, 224, 3] }, zoo.resnet18({ numClasses: 7 })).outputs.output
    expect(output).toEqual([7])
  })

  test('of straight networks check sizes when they are compiled', () => {
    // @ts-expect-error a kernel of 3 does not fit into an input of 2
    expect(() => model({ input: [26, 26, 3] }, zoo.alexnet())).toThrow(ShapeError)
    // @ts-expect-error a kernel of 11 with stride 4 does not cover an input of 226 exactly
    expect(() => model({ input: [226, 226, 3] }, zoo.alexnetOf2012())).toThrow(/exact/)
  })

  test('are found by name, as parts of other networks', () => {
    const backbone = networkBuilder('resnet18')({ numClasses: 5 })
    const net = model({ input: [64, 64, 3] }, sequential(backbone, relu, dense(2)))
    const output: readonly [2] = net.outputs.output
    expect(output).toEqual([2])
    expect(net.parameters().map(({ path }) => path)).toContain('0.layer1.0.conv1.weight')
    expect(() => networkBuilder('resnet81' as 'resnet18')).toThrow(UnknownModelError)
  })

  test('of LeNet-5 take other widths', () => {
    const net = model({ input: [28, 28, 1] }, zoo.lenet5({ channels: [12, 32, 200, 100] }))
    expect(net.parameters().map(({ shape }) => shape[0])).toEqual([12, 12, 32, 32, 200, 200, 100, 100, 10, 10])
  })
  test.each<[() => unknown, string]>([
    [
      () => networkBuilder('deepedge')({ windows: [7, 5] as never }),
      "windows of 'deepedge' to be a list of 5 positive integers but received [7, 5]",
    ],
    [
      () => networkBuilder('deepedge')({ hidden: [0, 512] }),
      "hidden of 'deepedge' to be a list of 2 positive integers",
    ],
    [() => networkBuilder('tcn')({ widths: [] }), "widths of 'tcn' to be a list of positive integers"],
    [() => networkBuilder('tcn_plain')({ kernel: 1.5 }), "kernel of 'tcn_plain' to be a positive integer"],
    [
      () => networkBuilder('lenet5')({ channels: 6 as never }),
      "channels of 'lenet5' to be a list of 4 positive integers",
    ],
    [() => networkBuilder('resnet18')(3 as never), "options of networkBuilder('resnet18') to be an object"],
    [
      () => networkBuilder('resnet18')({ numClasses: '10' as never }),
      "numClasses of 'resnet18' to be a positive integer",
    ],
  ])('check the options of their kind, %#', (attempt, message) => {
    expect(attempt).toThrow(OptionError)
    expect(attempt).toThrow(message)
  })
})
