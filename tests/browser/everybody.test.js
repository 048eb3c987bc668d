// The console for everybody: by keyboard, by screen reader, on a phone, in the dark.
import assert from 'node:assert/strict';
import {join} from 'node:path';
import {after, before, describe} from 'node:test';

import {devices} from 'playwright-core';

import {Console, launchBrowser, pictures, Server, source, test} from './fixtures.js';

const verdict = [join(source, 'docs/examples/verdict.sh')];
let browser;
before(async () => { browser = await launchBrowser(); });
after(() => browser.close());

/** What has the focus, by the name a screen reader says. */
const focused = (page) => page.evaluate(() => {
  const it = document.activeElement;
  if (it === document.body) return 'nothing';
  return (it.labels?.[0] ?? it).textContent.trim().split('\n')[0].trim() || it.id;
});

describe('By keyboard alone', () => {
  test('one connects, sends, recalls what was sent, sees the close, and connects again', async (t) => {
    const server = await Server.start(t, ['cat']);
    const page = await Console.open(t, browser, server.url());
    const keys = page.page.keyboard;
    await keys.press('Tab');
    assert.equal(await focused(page.page), 'URL');
    await keys.press('Enter');
    await page.is('connected');
    while (!(await focused(page.page)).startsWith('Text')) await keys.press('Tab');
    for (const text of ['one', 'two', 'two', 'three']) {
      await keys.type(text);
      await keys.press('Enter');
      await page.shows('received', text);
    }
    await keys.type('draft');
    const recalled = [];
    for (const key of ['ArrowUp', 'ArrowUp', 'ArrowUp', 'ArrowUp', 'ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowDown']) {
      await keys.press(key);
      recalled.push(await page.text.inputValue());
    }
    assert.deepEqual(recalled, ['three', 'two', 'one', 'one', 'two', 'three', 'draft', 'draft']);
    while (await focused(page.page) !== 'Disconnect') await keys.press('Shift+Tab');
    await keys.press('Space');
    await page.is('disconnected');
    assert.equal(await focused(page.page), 'Disconnect');  // and not lost with what it was for
    await keys.press('Shift+Tab');
    assert.equal(await focused(page.page), 'Reconnect');
    await keys.press('Enter');
    await page.is('connected');
  });

  test('up and down move the caret between lines before they recall', async (t) => {
    const server = await Server.start(t, ['cat']);
    const page = await Console.open(t, browser, server.url());
    await page.connect();
    await page.send('sent');
    await page.text.fill('first\nsecond');
    await page.text.press('ArrowUp');
    assert.equal(await page.text.inputValue(), 'first\nsecond');
    await page.text.press('ArrowUp');
    assert.equal(await page.text.inputValue(), 'sent');
    await page.text.press('ArrowDown');
    assert.equal(await page.text.inputValue(), 'first\nsecond');
  });

  test('the focus goes through every control in the order of the page, visibly', async (t) => {
    const server = await Server.start(t, ['cat']);
    const page = await Console.open(t, browser, server.url());
    for (const details of await page.page.locator('summary').all()) await details.click();
    await page.page.mouse.click(1, 1);
    const order = [];
    while (order.length < 30) {
      await page.page.keyboard.press('Tab');
      const name = await focused(page.page);
      if (name === 'nothing') break;
      const outline = await page.page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
      assert.equal(outline, 'solid', name);
      order.push(name);
    }
    assert.deepEqual(order, ['URL', 'Subprotocols, by comma', 'Connect', 'Disconnect', 'Reconnect by itself',
      'Close code and reason', 'Code: 1000, 3000 to 4999', 'Reason, with a code', 'Copy log', 'Clear', 'log',
      'Text: Enter sends, Shift+Enter is a new line, up and down recall', 'Send text', 'Binary',
      'Bytes in hexadecimal', 'Send bytes', 'File, sent as one message', 'Send file']);
  });
});

describe('A screen reader', () => {
  test('finds a name on every control, and is told of states and messages', async (t) => {
    const server = await Server.start(t, verdict);
    const page = await Console.open(t, browser, server.url());
    for (const details of await page.page.locator('summary').all()) await details.click();
    for (const control of await page.page.locator('input, textarea, button').all())
      assert.notEqual((await control.evaluate((it) => (it.labels?.[0] ?? it).textContent)).trim(), '');
    assert.equal(await page.page.locator('html').getAttribute('lang'), 'en');
    assert.equal(await page.page.getByRole('heading', {level: 1}).textContent(), 'wsinetd console');
    assert.equal(await page.log.getAttribute('aria-live'), 'polite');
    await page.page.getByRole('region', {name: 'Connection'}).waitFor();
    await page.page.getByRole('region', {name: 'Messages'}).waitFor();
    await page.page.getByRole('region', {name: 'Send'}).waitFor();
    await page.button('Disconnect').and(page.page.getByRole('button', {disabled: true})).waitFor();
    await page.connect();
    await page.button('Disconnect').and(page.page.getByRole('button', {disabled: false})).waitFor();
    assert.equal(await page.state.textContent(), 'connected');
  });
});

/** The text whose contrast with its background is below 4.5 (WCAG 2.2, 1.4.3). */
function lowContrasts() {
  const luminance = ([r, g, b]) => {
    const linear = [r, g, b].map((value) => value / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const parts = (color) => color.match(/[\d.]+/g).map(Number);
  const ground = (it) => {
    for (; it; it = it.parentElement) {
      const color = parts(getComputedStyle(it).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const low = [];
  for (const it of document.body.querySelectorAll('*')) {
    const hasText = [...it.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    if (!hasText || it.matches('script, noscript') || !it.checkVisibility()) continue;
    const [a, b] = [luminance(parts(getComputedStyle(it).color)), luminance(ground(it))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) low.push(`${it.tagName} "${it.textContent}": ${contrast}`);
  }
  return low;
}

/** A long conversation on a page with everything open. */
async function fill(page) {
  await page.connect();
  await page.send('{"stream":"stdout","data":"a line that is somewhat longer than a phone is wide, in JSON"}');
  await page.send('x'.repeat(500));
  await page.binary();
  await page.field('Bytes in hexadecimal').fill(Buffer.from('The quick brown fox jumps over the lazy dog').toString('hex'));
  await page.button('Send bytes').click();
  await page.shows('closed with 1003');
}

const phone = {...devices['Pixel 7'], defaultBrowserType: undefined};
const small = {viewport: {width: 320, height: 568}, deviceScaleFactor: 2, isMobile: true, hasTouch: true};
const desktop = {viewport: {width: 1280, height: 800}};

describe('The page', () => {
  for (const [name, device] of Object.entries({phone, small, desktop}))
    for (const colorScheme of ['light', 'dark'])
      test(`fits on a ${name} in the ${colorScheme}, with enough contrast`, async (t) => {
        const server = await Server.start(t, ['cat']);
        const page = await Console.open(t, browser, server.url(), {...device, colorScheme});
        const wide = () => page.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.equal(await wide(), 0);
        await page.page.screenshot({path: join(pictures, `${name}-${colorScheme}-start.png`)});
        await fill(page);
        assert.equal(await wide(), 0);
        assert.equal(await page.log.evaluate((it) => it.scrollWidth - it.clientWidth), 0);
        assert.deepEqual(await page.page.evaluate(lowContrasts), []);
        const [red] = (await page.page.evaluate(() => getComputedStyle(document.body).backgroundColor)).match(/\d+/);
        assert.equal(Number(red) < 128, colorScheme === 'dark');
        await page.page.screenshot({path: join(pictures, `${name}-${colorScheme}.png`), fullPage: true});
      });

  test('moves nothing for those who do not want that', async (t) => {
    const server = await Server.start(t, ['cat']);
    for (const [reducedMotion, animation] of [['reduce', 'none'], ['no-preference', 'pulse']]) {
      const page = await Console.open(t, browser, server.url(), {reducedMotion});
      const name = await page.page.evaluate(() => {
        document.body.dataset.state = 'connecting';
        return getComputedStyle(document.getElementById('state'), '::before').animationName;
      });
      assert.equal(name, animation);
    }
  });
});
