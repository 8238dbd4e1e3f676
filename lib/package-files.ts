/** The package's own files: its weights, its addon, its package.json. */

import { PackageError } from './errors.js'
import { nodeFs, nodeUrl } from './node-modules.js'

let root: string | undefined

/** The folder of the package, with a separator at its end. Throws PackageError when this code does not lie in it, as in a bundle. */
export function packageRoot(): string {
  root ??= findRoot(import.meta.url)
  return root
}

/** Bundlers may leave the code without an address. */
function findRoot(url: string | undefined): string {
  const folder = url === undefined ? undefined : nodeUrl().fileURLToPath(new URL('..', url))
  if (folder !== undefined && isPackage(folder)) return folder
  throw new PackageError(
    `im2col runs apart from its files: expected its package.json in ${folder ?? 'the folder above its code'}`,
    {
      expected: 'package.json of im2col',
      actual: folder,
      hint:
        "Leave it out of the bundle: --external:im2col of esbuild, serverExternalPackages: ['im2col'] of Next.js, " +
        "externals: { im2col: 'commonjs im2col' } of webpack",
    },
  )
}

function isPackage(folder: string): boolean {
  try {
    return JSON.parse(nodeFs().readFileSync(`${folder}package.json`, 'utf8')).name === 'im2col'
  } catch {
    return false
  }
}
