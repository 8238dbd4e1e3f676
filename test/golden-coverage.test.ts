import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { goldenNames } from './support/run-golden.js'
import { hasShared, sharedPath } from './support/shared.js'

const own = join(import.meta.dirname, 'golden')

/** Names of the stored outputs in a folder. */
const namesIn = (folder: string): readonly string[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.safetensors'))
    .map((file) => file.replace(/^(tv|timm)-/, '').replace('.safetensors', ''))

/** Those of operators and of networks outside the registry, which tests of their own name. */
const named = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('-layers.test.ts') || file === 'replknet.test.ts')
  .map((file) => readFileSync(join(import.meta.dirname, file), 'utf8'))
  .join('')

const unread = (names: readonly string[]) => {
  const registered = new Set(goldenNames())
  return names.filter((name) => !registered.has(name) && !named.includes(`'${name}'`))
}

test('every golden of our own is reproduced', () => expect(unread(namesIn(own))).toEqual([]))

test.skipIf(!hasShared('golden/nets'))('every golden of the references is reproduced', () => {
  const folders = ['golden/nets', 'golden/authors'].map(sharedPath)
  expect(unread(folders.flatMap(namesIn))).toEqual([])
})
