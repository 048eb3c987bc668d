// Runs files of Node's tests, and those in which one failed once more; tests/node_tests says why.
//
//   node tests/node_tests.mjs [--test-name-pattern=PATTERN] FILE...
//
// Node's own `node --test` has no end to its waits in every version: a test that is given up leaves its sockets and timers
// behind, and its file is waited for as long as it has them.
import {run} from 'node:test';
import {spec} from 'node:test/reporters';
import {resolve} from 'node:path';
import {finished} from 'node:stream/promises';
import {parseArgs} from 'node:util';

/** What a file may take in all, in milliseconds; the longest takes a minute. */
const patience = 300_000;

const {values, positionals} = parseArgs({options: {'test-name-pattern': {type: 'string'}}, allowPositionals: true});
const pattern = values['test-name-pattern'];

/** Returns the files in which a test failed. */
async function failedOf(files) {
  const failed = new Set();
  const options = {files, timeout: patience, concurrency: 1, forceExit: true};
  const events = run(pattern === undefined ? options : {...options, testNamePatterns: new RegExp(pattern)});
  events.on('test:fail', ({file, name}) => {
    console.log(`failed: ${name}`);
    failed.add(file ?? name);
  });
  const report = events.compose(new spec());
  report.pipe(process.stdout, {end: false});
  await finished(report);
  return [...failed];
}

let failed = await failedOf(positionals.map((file) => resolve(file)));
if (failed.length > 0) {
  console.log(`run again: ${failed.join(' ')}`);
  failed = await failedOf(failed);
}
process.exitCode = failed.length > 0 ? 1 : 0;
