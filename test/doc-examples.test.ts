import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import * as api from '../lib/index.js'
import { typecheck } from './support/typecheck.js'

const root = fileURLToPath(new URL('..', import.meta.url))

interface Example {
  readonly file: string
  readonly line: number
  readonly code: string
}

/** Blocks fenced as ts, in Markdown or behind the asterisks of a comment. */
const examplesOf = (file: string): readonly Example[] => {
  const text = readFileSync(join(root, file), 'utf8')
  return [...text.matchAll(/^([ \t]*\*? ?)```ts\n([\s\S]*?)^\1```/gm)].map((match) => {
    const [, margin = '', body = ''] = match
    const code = body
      .split('\n')
      .map((line) => (line.startsWith(margin) ? line.slice(margin.length) : line.replace(/^\s*\* ?/, '')))
    return { file, line: text.slice(0, match.index).split('\n').length, code: code.join('\n') }
  })
}

const exportedValues = (file: string): readonly string[] => {
  const declarations = readFileSync(join(root, file), 'utf8').matchAll(
    /^export (?:async )?(?:const|function|class) (\w+)/gm,
  )
  return [...new Set([...declarations].map(([, name]) => name as string))]
}

/** What an example without imports has at hand: the names of the file that it documents, and those of the package. */
const prelude = ({ file, code }: Example): string => {
  if (/^import /m.test(code)) return ''
  const isUsed = (name: string) => new RegExp(`\\b${name}\\b`).test(code)
  const own = file.startsWith('lib/') ? exportedValues(file).filter(isUsed) : []
  const published = Object.keys(api).filter((name) => isUsed(name) && !own.includes(name))
  const source = join(root, file).replace(/\.ts$/, '.js')
  return `import { ${published.join(', ')} } from 'im2col'; import { ${own.join(', ')} } from '${own.length > 0 ? source : 'im2col'}'\n`
}

const under = (folder: string, extension: string) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(extension))
    .map((file) => `${folder}/${file.replaceAll('\\', '/')}`)

const readme = ['README.md'].filter((file) => existsSync(join(root, file)))
const files = [...under('lib', '.ts'), ...under('docs', '.md'), ...readme].sort()

const examples = files.flatMap(examplesOf)

test('there are examples in the documentation', () => {
  expect(examples.length).toBeGreaterThan(30)
  expect(examples.map(({ file }) => file)).toContain('lib/layers/conv.ts')
})

test('every example in the documentation compiles', async () => {
  const named = new Map(examples.map((example, index) => [`example-${index}.mts`, example]))
  const sources = [...named].map(([name, example]) => [name, `${prelude(example)}${example.code}\nexport {}\n`])
  const { diagnostics } = await typecheck(Object.fromEntries(sources))
  const failures = diagnostics.map(({ file, line, text }) => {
    const example = named.get(file)
    if (example === undefined) return `${file}(${line}): ${text}`
    return `${example.file}:${example.line + line - prelude(example).split('\n').length + 1} ${text}`
  })
  expect(failures).toEqual([])
})
