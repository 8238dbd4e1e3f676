// The addon and the native tests with the address and undefined-behaviour sanitizers, built by CMake in a folder of its
// own. The two share their object files: sanitized kernels take minutes to compile.
import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const require = createRequire(import.meta.url)

/** node-gyp-build, which the loader uses, takes the addon from here through IM2COL_PREBUILD. */
export const sanitizedFolder = join(root, 'build-asan')

/** Builds a target of CMakeLists.txt, `im2col` or `native-tests`, and returns the path of what it made. */
export const buildSanitized = (target) => {
  // cmake-js locates its package from the working directory, and needs only a C++ compiler and CMake.
  const cmakeJs = join(dirname(require.resolve('cmake-js/package.json')), 'bin', 'cmake-js')
  const out = join(sanitizedFolder, 'build')
  const build = ['build', '--out', out, '--parallel', '2', '--target', target, '--CDIM2COL_SANITIZE=ON']
  execFileSync(process.execPath, [cmakeJs, ...build], { cwd: root, stdio: 'inherit' })
  return target === 'im2col' ? join(out, 'Release', 'im2col.node') : join(out, target)
}
