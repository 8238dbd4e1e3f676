// Python serves for exporting networks and for OpenVINO only: IM2COL_PYTHON, by default `python3`.
import { spawnSync } from 'node:child_process'

export const python = process.env.IM2COL_PYTHON ?? 'python3'

/** Whether that Python can import all `modules`. */
export const pythonHas = (...modules) =>
  spawnSync(python, ['-c', `import ${modules.join(', ')}`], { stdio: 'ignore' }).status === 0
