import { invalidOption } from '../errors.js'
import { applyModule, type ChildNames } from '../graph/trace.js'

/** Functions among the values, in nested records and lists too, by dotted key. The first name of a child counts. */
const collect = (children: object, prefix: string, names: Map<object, string>): ChildNames => {
  for (const [key, child] of Object.entries(children)) {
    const name = prefix === '' ? key : `${prefix}.${key}`
    if (typeof child === 'function') {
      if (!names.has(child)) names.set(child, name)
    } else if (typeof child === 'object' && child !== null) {
      collect(child, name, names)
    } else {
      throw invalidOption(`child '${name}' of module`, 'a layer, or a list or record of layers', child)
    }
  }
  return names
}

/**
 * Named children plus a function that applies them; the names make the parameter paths, `conv1.weight`.
 *
 * `forward` keeps its type parameters, so write it as a generic arrow over the children. A child that is used twice shares its
 * parameters; children may lie in nested records and lists, `blocks.0`. Throws OptionError when a child is no layer.
 *
 * ```ts
 * import { batchNorm, conv2d, module, relu, type Sym } from 'im2col'
 *
 * const convNorm = <const W extends number>(width: W) => {
 *   const m = { conv: conv2d(width, { kernel: 3, padding: 1, bias: false }), bn: batchNorm() }
 *   return module(m, <X,>(x: Sym<X>) => relu(m.bn(m.conv(x))))
 * }
 * ```
 */
export const module = <A extends readonly unknown[], B>(
  children: object,
  forward: (...inputs: A) => B,
): ((...inputs: A) => B) => {
  if (typeof children !== 'object' || children === null)
    throw invalidOption('children of module', 'an object', children)
  if (typeof forward !== 'function') throw invalidOption('forward of module', 'a function', forward)
  const names = collect(children, '', new Map())
  const apply = (...inputs: A): B => applyModule('module', apply, names, inputs, () => forward(...inputs))
  return apply
}
