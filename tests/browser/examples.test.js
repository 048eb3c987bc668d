// The pages in docs/examples that are one file, served as the comment at their top says.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {after, before} from 'node:test';

import {launchBrowser, openPage, Server, source, test} from './fixtures.js';

let browser;
before(async () => { browser = await launchBrowser(); });
after(() => browser.close());

/** The page, and the server of the command line in it; the port is a free one. */
async function open(t, name, {command, query = ''} = {}) {
  const [, line] = readFileSync(join(source, 'docs/examples', name), 'utf8').match(/^ +wsinetd (.*)$/m);
  const words = line.replace('--port 8080 ', '').split(' ').map((word) => word.replace(/^docs\//, `${source}docs/`));
  const server = await Server.start(t, command ?? words.slice(-1), ['--dev-console=false', ...words.slice(0, -1)]);
  const page = await openPage(t, browser);
  await page.goto(server.url(`/${name}${query}`));
  return {server, page};
}

test('count.html shows what the command counts', async (t) => {
  const {page} = await open(t, 'count.html');
  await page.locator('pre div').filter({hasText: /^2$/}).waitFor();
  assert.match(await page.locator('pre div').first().textContent(), /^connected to ws:/);
});

test('count.html sends what is typed, shows it as text, and tells the close code', async (t) => {
  const {page} = await open(t, 'count.html', {command: ['sh', '-c', 'IFS= read -r line; echo "$line"; exit 3']});
  await page.locator('pre div').filter({hasText: 'connected'}).waitFor();
  await page.getByRole('textbox').fill('<b>Ada</b>');
  await page.getByRole('textbox').press('Enter');
  await page.getByText('<b>Ada</b>').waitFor();
  await page.getByText('closed: 4003 exit status 3').waitFor();
});

test('count.html connects to another server that allows its page', async (t) => {
  const page = await openPage(t, browser);
  const own = await Server.start(t, ['true'], ['--dev-console=false', '--static-dir', join(source, 'docs/examples')]);
  const other = await Server.start(t, ['echo', 'from elsewhere'], ['--origin', `127.0.0.1:${own.port}`]);
  await page.goto(own.url(`/count.html?${other.socketUrl()}`));
  await page.getByText('from elsewhere').waitFor();
});

test('events.html shows events, and how the command ended', async (t) => {
  const {server, page} = await open(t, 'events.html', {command: ['sh', '-c', 'echo "<i>one</i>"; exit 3']});
  await page.getByText('the command ended with status 3').waitFor();
  assert.deepEqual(await page.getByRole('listitem').allTextContents(),
    ['<i>one</i>', 'the command ended with status 3']);
  assert.equal(server.log.match(/command ends/g).length, 1);
});

test('events.html shows what the command of its own command line counts', async (t) => {
  const {page} = await open(t, 'events.html');
  await page.getByRole('listitem').filter({hasText: /^2$/}).waitFor();
});
