// docs/examples/page: a page that comes back when that helps, and says what a close code means when it does not.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {after, before} from 'node:test';

import {launchBrowser, openPage, Server, source, test} from './fixtures.js';

// The command line that its README gives.
const [, options, greeter] = readFileSync(join(source, 'docs/examples/page/README.md'), 'utf8')
  .match(/^ {4}wsinetd --port 8080 (.*) (\S+)$/m);

let browser;
before(async () => { browser = await launchBrowser(); });
after(() => browser.close());

/** The page with what the README serves it, or another program. */
async function open(t, {program = greeter} = {}) {
  const server = await Server.start(t, [join(source, program)],
    [...options.replace('docs/', join(source, 'docs/')).split(' '), '--dev-console=false']);
  const page = await openPage(t, browser);
  await page.goto(server.url());
  return {server, page, input: page.getByLabel('A line for the program'), log: page.getByRole('log')};
}
const is = (page, state) => page.getByRole('status').filter({hasText: state}).waitFor();

test('The page sends what is typed, and shows what comes as text', async (t) => {
  const {page, input, log} = await open(t);
  await is(page, 'connected');
  for (const name of ['Ada', 'Čapek 🤖', '<b>Bobby</b>']) {
    await input.fill(name);
    await input.press('Enter');
    await log.getByText(`Hello, ${name}!`).waitFor();
  }
  assert.equal(await log.locator('b').count(), 0);
});

test('The page says what the exit status of the program was, and stays away', async (t) => {
  const {server, page, input} = await open(t, {program: 'docs/examples/verdict.sh'});
  await is(page, 'connected');
  await input.fill('3');
  await input.press('Enter');
  await is(page, 'the program has failed with exit status 3 (4003, exit status 3)');
  assert.equal(await page.getByText('again in').count(), 0);
  assert.ok(await input.isDisabled());
  await page.reload();
  await is(page, 'connected');
  await input.fill('0');
  await input.press('Enter');
  await is(page, 'the program has ended (1000)');
  assert.equal(server.log.match(/session begins/g).length, 2);
});

test('The page comes back when a signal has killed the program', async (t) => {
  const {page, input} = await open(t, {program: 'docs/examples/verdict.sh'});
  await is(page, 'connected');
  await input.fill('KILL');
  await input.press('Enter');
  await is(page, 'the program was killed by signal 9 (4137, killed by SIGKILL); again in');
  await is(page, 'connected');
});

test('The page comes back when the server does, with what was typed', async (t) => {
  const {server, page, input, log} = await open(t);
  await is(page, 'connected');
  await input.fill('Grace');
  await server.stop();
  await is(page, '; again in');
  await Server.start(t, [join(source, greeter)], ['--dev-console=false', '--port', String(server.port)]);
  await is(page, 'connected');
  await input.press('Enter');
  await log.getByText('Hello, Grace!').waitFor();
});
