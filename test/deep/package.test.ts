import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { install, npm, pack, run, scratchFolder, type Tarball } from '../support/installed-package.js'

const versions = [20, 22, 24, 26]

let tarball: Tarball

beforeAll(() => {
  tarball = pack()
})

/** The Node binary of a major version from npm's own packages, or nothing where there is none for this machine. */
function nodeBinary(major: number): string | undefined {
  const folder = scratchFolder(`node${major}`)
  try {
    npm(folder, 'install', '--no-save', `node-${process.platform}-${process.arch}@${major}`)
  } catch {
    return undefined
  }
  return join(folder, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node')
}

describe('one addon serves every supported Node', () => {
  let folder: string

  beforeAll(() => {
    folder = install(tarball)
  })

  test.for(versions)('Node %i', (major, { skip }) => {
    const node = nodeBinary(major)
    if (node === undefined) return skip(`npm has no Node ${major} for this machine`)
    const use = `
      const session = await createModel('lenet5').randomizeWeights().compile()
      const { output } = await session.run({ input: new Float32Array(28 * 28) })
      console.log(process.versions.node.split('.')[0], output.data.length)
    `
    const esm = run(folder, ['--input-type=module', '-e', `import { createModel } from 'im2col'; ${use}`], node)
    const cjs = run(folder, ['-e', `const { createModel } = require('im2col'); void (async () => { ${use} })()`], node)
    const expected = { status: 0, stdout: `${major} 10\n`, stderr: '' }
    expect(esm).toEqual(expected)
    expect(cjs).toEqual(expected)
  })
})

test('the command of the missing-addon message builds one that works', () => {
  const folder = install(tarball)
  const installed = join(folder, 'node_modules', 'im2col')
  rmSync(join(installed, 'prebuilds'), { recursive: true })
  const failed = run(folder, ['-e', "require('im2col').engineInfo()"])
  const [, command] = failed.stderr.match(/Build it here: (npm install .*)$/m) ?? []
  if (command === undefined) throw new Error(`no command in ${failed.stderr}`)
  const built = run(folder, ['-c', command], '/bin/sh')
  expect(built.status, built.stderr).toBe(0)
  expect(run(folder, ['-p', "require('im2col').engineInfo().isa"])).toMatchObject({ status: 0, stderr: '' })
})
