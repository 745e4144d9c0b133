#!/usr/bin/env node
'use strict'
// Written so that any Node can read it: an old one is told so, not left with a syntax error.

// biome-ignore lint/style/useNodejsImportProtocol: an old Node does not know it
var fs = require('fs')
// biome-ignore lint/style/useNodejsImportProtocol: an old Node does not know it
var path = require('path')

var OLDEST = [20, 19]
var version = process.versions.node.split('.').map(Number)
var program = path.join(__dirname, '..', 'dist', 'program', 'main.cjs')

if (version[0] < OLDEST[0] || (version[0] === OLDEST[0] && version[1] < OLDEST[1])) {
  process.stderr.write(
    'varve: Node ' +
      OLDEST.join('.') +
      ' or newer is needed; this is ' +
      process.version +
      '\n' +
      'hint: https://nodejs.org has newer ones; `node --version` tells which one is found\n',
  )
  process.exit(70)
} else if (!fs.existsSync(program)) {
  process.stderr.write('varve: not built yet\nhint: run `npm run build` in the source folder\n')
  process.exit(70)
} else {
  require(program)
}
