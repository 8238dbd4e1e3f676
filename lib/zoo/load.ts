/**
 * All builders. In the published package this module is `load-lazily.ts` (tools/build-js.mjs), so that nobody waits for hundreds of networks
 * to have one.
 */

import type { ZooBuilder } from './architecture.js'
import * as zoo from './index.js'

export type Zoo = typeof zoo

const byName = new Map(Object.values<ZooBuilder>(zoo).map((build) => [build.architecture.name, build]))

/** Every builder. */
export const loadBuilders = (): readonly ZooBuilder[] => [...byName.values()]

/** Names of every builder. */
export const builderNames = (): readonly string[] => [...byName.keys()]

/** The builder of one network, if there is one. */
export const loadBuilder = (name: string): ZooBuilder | undefined => byName.get(name)
