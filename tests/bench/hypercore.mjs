// The two sides of a hypercore (`peers.py`): blocks in, blocks out, over one TCP connection.
//
//   node hypercore.mjs source FOLDER BLOCKS           prints key and port, serves until it is ended
//   node hypercore.mjs pull FOLDER KEY PORT LENGTH    after a line on stdin; blocks on stdout
//
// A block is its length in four bytes, big-endian, and its bytes; on stdout in order, each
// as soon as hypercore has verified it. Needs `hypercore` in a node_modules beside it.

import { createServer, connect } from 'node:net'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import Hypercore from 'hypercore'

const AHEAD = 64

function * cut (bytes) {
  for (let at = 0; at < bytes.length;) {
    const size = bytes.readUInt32BE(at)
    yield bytes.subarray(at + 4, at + 4 + size)
    at += 4 + size
  }
}

function join (core, socket, isInitiator) {
  const stream = core.replicate(isInitiator)
  stream.on('error', () => socket.destroy())
  socket.on('error', () => stream.destroy())
  socket.setNoDelay(true)
  stream.pipe(socket).pipe(stream)
}

async function source (folder, blocks) {
  const core = new Hypercore(folder)
  await core.ready()
  await core.append([...cut(readFileSync(blocks))])
  const server = createServer(socket => join(core, socket, false))
  server.listen(0, '127.0.0.1', () => {
    console.log(`${core.key.toString('hex')} ${server.address().port}`)
  })
}

async function pull (folder, key, port, length) {
  const core = new Hypercore(folder, Buffer.from(key, 'hex'))
  await core.ready()
  console.error('ready')
  await once(process.stdin, 'data')
  join(core, connect(port, '127.0.0.1'), true)
  core.download({ start: 0, end: length })
  const coming = []
  for (let index = 0; index < length; index++) {
    while (coming.length < AHEAD && index + coming.length < length) {
      coming.push(core.get(index + coming.length))
    }
    const block = await coming.shift()
    const head = Buffer.alloc(4)
    head.writeUInt32BE(block.length)
    process.stdout.write(head)
    if (!process.stdout.write(block)) await once(process.stdout, 'drain')
  }
  process.stdout.end(() => process.exit(0))
}

const [what, folder, ...rest] = process.argv.slice(2)
if (what === 'source') await source(folder, rest[0])
else await pull(folder, rest[0], Number(rest[1]), Number(rest[2]))
