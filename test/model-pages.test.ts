import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { listModels } from '../lib/zoo/registry.js'

const { modelPages } = await import(new URL('../tools/model-pages.mjs', import.meta.url).href)

const folder = join(import.meta.dirname, '../docs/models')

test('the pages of the models say what the registry says', () => {
  const written = new Map(readdirSync(folder).map((file) => [file, readFileSync(join(folder, file), 'utf8')]))
  const expected: ReadonlyMap<string, string> = modelPages(listModels())
  expect([...written.keys()].sort()).toEqual([...expected.keys()].sort())
  for (const [file, text] of expected) expect(written.get(file), `${file}: run node tools/model-pages.mjs`).toBe(text)
})
