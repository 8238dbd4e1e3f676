/**
 * All builders. In the published package this module is `load-lazily.ts` (tools/build-js.mjs), so that who imports it does not wait for
 * hundreds of networks.
 */

import * as zoo from './index.js'

export type Zoo = typeof zoo

export const loadZoo = (): Zoo => zoo
