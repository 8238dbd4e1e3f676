import { describe, expect, test } from 'vitest'
import { runChildJson } from './support/child.js'

/** What a fresh process has loaded besides after it has the package. */
const LOADED = `
  const before = new Set(process.moduleLoadList)
  const finish = () => {
    const builtins = process.moduleLoadList.filter((name) => !before.has(name)).map((name) => name.split(' ')[1])
    const files = Object.keys(require.cache).filter((file) => file !== data.required)
    console.log(JSON.stringify({ builtins, files }))
  }
  if (data.required) {
    require(data.required)
    finish()
  } else {
    import(data.imported).then(finish)
  }
`
const dist = (file: string) => new URL(`../dist/${file}`, import.meta.url)

describe('the package', () => {
  test.each([
    ['imported', { imported: dist('index.js').href }],
    ['required', { required: dist('index.cjs').pathname }],
  ])('%s loads neither its addon nor other packages, and little of Node', async (_, data) => {
    const { builtins, files } = await runChildJson<{ builtins: string[]; files: string[] }>(LOADED, data, {
      loadsAddon: false,
    })
    expect(files).toEqual([])
    for (const name of ['crypto', 'stream', 'internal/fs/streams', 'timers/promises', 'child_process']) {
      expect(builtins).not.toContain(name)
    }
  })

  test.each([
    ['imported', { imported: dist('index.js').href }],
    ['required', { required: dist('index.cjs').pathname }],
  ])(
    '%s reads the files of one family when a network of it is asked for, and builds it of its own layers',
    async (_, data) => {
      const { before, after, isModel } = await runChildJson<{ before: number; after: string[]; isModel: boolean }>(
        `
        const use = ({ createModel, model, relu }) => {
          const loaded = () => Object.keys(require.cache).filter((file) => file !== data.required)
          const before = loaded().length
          const net = createModel('lenet5')
          const other = model({ input: [4, 4, 1] }, relu)
          console.log(JSON.stringify({ before, after: loaded(), isModel: net.constructor === other.constructor }))
        }
        if (data.required) use(require(data.required))
        else import(data.imported).then(use)
      `,
        data,
        { loadsAddon: false },
      )
      expect(before).toBe(0)
      expect(after).toEqual(
        ['families.json', 'lenet.cjs', 'architecture.cjs'].map((file) => dist(`zoo/${file}`).pathname),
      )
      expect(isModel).toBe(true)
    },
  )

  test('calls its classes what it exports them as', async () => {
    for (const file of ['index.js', 'index.cjs']) {
      const names = await runChildJson<[string, string][]>(
        `
        import(data.file).then((all) => {
          const isClass = (value) => typeof value === 'function' && /^class\\b/.test(String(value))
          const classes = Object.entries(all).filter(([name, value]) => isClass(value) && name !== 'default')
          console.log(JSON.stringify(classes.map(([name, value]) => [name, value.name])))
        })
      `,
        { file: dist(file).href },
        { loadsAddon: false },
      )
      expect(names.map(([name]) => name)).toContain('Tensor')
      for (const [exported, own] of names) expect(own).toBe(exported)
    }
  })

  test('imported and required in one process takes the tensors, models and errors of the other', async () => {
    const { shape, labels, message, kinds } = await runChildJson<{
      shape: number[]
      labels: string[]
      message: string
      kinds: boolean[]
    }>(
      `
      const required = require(data.required)
      import(data.imported).then(async (imported) => {
        const net = required.createModel('lenet5').randomizeWeights()
        const own = await imported.createModel('lenet5').loadWeights(net.weights)
        const session = await own.compile({ threads: 1 })
        const { output } = await session.run({ input: required.Tensor.zeros([2, 28, 28, 1]) })
        const pixels = { data: new Uint8Array(28 * 28), width: 28, height: 28, channels: 1 }
        const classes = await imported.classify(pixels, net)
        const rejected = imported.classify(pixels, {}).catch((error) => error.message)
        let refused
        try {
          required.relu({ slope: 1 })
        } catch (error) {
          refused = error
        }
        const { Im2colError, OptionError, ShapeError } = imported
        console.log(JSON.stringify({
          kinds: [Im2colError, OptionError, ShapeError].map((kind) => refused instanceof kind),
          shape: output.shape,
          labels: classes.map(({ label }) => label),
          message: await rejected,
        }))
      })
    `,
      { imported: dist('index.js').href, required: dist('index.cjs').pathname },
    )
    expect(shape).toEqual([2, 10])
    expect(labels).toHaveLength(5)
    expect(kinds).toEqual([true, true, false])
    expect(message).toMatch(/a model, a session/)
  })
})
