// Streams through memory as fast as it can, when told to, and says how fast that was. Buffer's indexOf of a byte is memchr, native
// and vectorized; a loop over a typed array would be bound by the loop.
import { parentPort } from 'node:worker_threads'

const BYTES = 256 * 2 ** 20
const MILLISECONDS = 300

const memory = Buffer.alloc(BYTES, 1)
memory.indexOf(0)

parentPort.once('message', () => {
  const start = performance.now()
  let passes = 0
  let elapsed = 0
  do {
    memory.indexOf(0)
    passes++
    elapsed = performance.now() - start
  } while (elapsed < MILLISECONDS)
  parentPort.postMessage((passes * BYTES) / elapsed / 1e6)
})
parentPort.postMessage('ready')
