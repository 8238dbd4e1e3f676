import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

export interface Diagnostic {
  readonly file: string
  readonly line: number
  readonly text: string
}

export interface Typecheck {
  readonly diagnostics: readonly Diagnostic[]
  /** How often the compiler made a type out of a generic one: its work, whatever the machine. */
  readonly instantiations: number
}

const compile = (folder: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    execFile(
      process.execPath,
      [tsc, '-p', folder, '--extendedDiagnostics', '--pretty', 'false'],
      { cwd: folder },
      (error, out, err) => {
        if (/^Instantiations:/m.test(out)) resolve(out)
        else reject(new Error(`The compiler did not run: ${out}${err}`, { cause: error }))
      },
    )
  })

/** Of the compiled folder's own files; continuation lines of a diagnostic are indented. */
const parse = (output: string): Typecheck => {
  const diagnostics: Diagnostic[] = []
  for (const line of output.split('\n')) {
    const match = /^(.+?)\((\d+),\d+\): (error .+)$/.exec(line)
    const last = diagnostics.at(-1)
    if (match) diagnostics.push({ file: match[1] as string, line: Number(match[2]), text: match[3] as string })
    else if (/^ {2,}\S/.test(line) && last)
      diagnostics[diagnostics.length - 1] = { ...last, text: `${last.text}\n${line}` }
  }
  const own = diagnostics.filter(({ file }) => !file.startsWith('..'))
  return { diagnostics: own, instantiations: Number(/^Instantiations:\s+(\d+)/m.exec(output)?.[1]) }
}

/** Compiles a folder by its own tsconfig.json. */
export const typecheckProject = async (folder: string): Promise<Typecheck> => parse(await compile(folder))

/** Compiles sources by file name as a user of the package would, who imports from 'im2col', under the project's own strictness. */
export const typecheck = async (sources: Readonly<Record<string, string>>): Promise<Typecheck> => {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'im2col-typecheck-')))
  try {
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction')
    const config = {
      extends: join(root, 'tsconfig.json'),
      compilerOptions: {
        paths: { im2col: [join(root, 'lib/index.ts')] },
        noUnusedLocals: false,
        noUnusedParameters: false,
      },
      include: [],
      files: Object.keys(sources),
    }
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config))
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
    for (const [name, source] of Object.entries(sources)) {
      await mkdir(dirname(join(folder, name)), { recursive: true })
      await writeFile(join(folder, name), source)
    }
    return parse(await compile(folder))
  } finally {
    await rm(folder, { recursive: true })
  }
}
