// The pages of docs/guide.md, with the program and the configuration that it has for them.
import assert from 'node:assert/strict';
import {chmodSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {after, before} from 'node:test';

import {folder, launchBrowser, openPage, Server, source, test, tls} from './fixtures.js';

let browser;
before(async () => { browser = await launchBrowser(); });
after(() => browser.close());

/** What chapters 2 to 4 have written, and a server of it. */
async function served(t, options = []) {
  const path = folder(t);
  const [, chapters] = readFileSync(join(source, 'docs/guide.md'), 'utf8').match(/^(## 2\. .*)^## 5\. /ms);
  const files = [...chapters.matchAll(/^`([^`\n]+)`\n\n```\w+\n(.*?)^```$/gms)];
  assert.equal(files.length, 4);
  for (const [, name, text] of files) {
    mkdirSync(join(path, dirname(name)), {recursive: true});
    writeFileSync(join(path, name), text);
  }
  chmodSync(join(path, 'vote'), 0o755);
  const all = ['--dev-console=false', '--config', join(path, 'wsinetd.toml'), '--cwd', path, ...options];
  return Server.start(t, [], all);
}

for (const over of ['http', 'https'])
  test(`A vote in the guide's page over ${over} is counted, and seen by who looks at the results`, async (t) => {
    const server = await served(t, over === 'https' ? tls(t) : []);
    const page = await openPage(t, browser);
    const results = await openPage(t, browser);
    await page.goto(server.url());
    await page.getByRole('button', {name: 'tea'}).click();
    await page.getByRole('status').filter({hasText: 'tea: 1'}).waitFor();
    await results.goto(server.url('/results.html'));
    await results.getByRole('log').filter({hasText: '1 tea'}).waitFor();
    await page.getByRole('button', {name: 'coffee'}).click();
    await page.getByRole('status').filter({hasText: 'coffee: 1'}).waitFor();
    await results.getByRole('log').filter({hasText: '1 coffee'}).waitFor();
    // A browser asks for /favicon.ico too, once, and there is none.
    assert.deepEqual(page.complaints.filter((text) => !text.includes('404 (Not Found)')), []);
  });

test('The guide\'s page says why its connection has ended', async (t) => {
  const server = await served(t);
  const page = await openPage(t, browser);
  await page.goto(server.url());
  await page.getByRole('button', {name: 'tea'}).click();
  await page.getByRole('status').filter({hasText: 'tea: 1'}).waitFor();
  await server.stop();
  await page.getByRole('status').filter({hasText: 'closed: 1001 server shutting down'}).waitFor();
});
