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
})
