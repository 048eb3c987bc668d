#!/usr/bin/env node
// Greets everyone whose name it is told.
//
//   wsinetd --port 8080 docs/examples/greeter.js
'use strict';

// console.log writes at once: nothing to flush.
require('node:readline')
  .createInterface({ input: process.stdin, crlfDelay: Infinity })
  .on('line', (name) => console.log(`Hello, ${name}!`));
