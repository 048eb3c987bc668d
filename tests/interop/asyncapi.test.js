// What --print-asyncapi prints, read by AsyncAPI's own parser.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, describe, it} from 'node:test';

import {Parser} from '@asyncapi/parser';

const folder = mkdtempSync(join(tmpdir(), 'wsinetd-asyncapi-'));
after(() => rmSync(folder, {recursive: true}));

/** The document, and what the parser has against it, hints aside. */
const parsed = async (...args) => {
  const printed = execFileSync(process.env.WSINETD, ['--print-asyncapi', ...args], {encoding: 'utf8'});
  const {document, diagnostics} = await new Parser().parse(printed);
  return {document, wrong: diagnostics.filter((each) => each.severity < 2).map((each) => each.message)};
};

describe('The AsyncAPI document', () => {
  it('of a command is accepted', async () => {
    const {document, wrong} = await parsed('cat');
    assert.deepEqual(wrong, []);
    assert.equal(document.channels().all()[0].address(), '/{path}');
  });

  it('of a configuration file with every kind of endpoint is accepted', async () => {
    const file = join(folder, 'wsinetd.toml');
    const endpoints = [
      ['/count', ''],
      ['/logs/*', 'framing = "raw"\nsubprotocol = ["a", "b"]\neof-message = "the \\"end\\""'],
      ['/tagged', 'stderr = "tagged"\nmax-message-size = 0'],
      ['/lsp', 'framing = "content-length"'],
      ['/mcp{x}', 'framing = "jsonl"\nsubprotocol = ["*"]'],
    ];
    writeFileSync(join(folder, 'tokens'), 'ada a-secret-of-hers\n');
    const text = endpoints.map(([path, more]) => `[[endpoint]]\npath = "${path}"\ncommand = ["cat"]\n${more}\n`);
    writeFileSync(file, 'unix-socket = "/run/x.sock"\nport = 0\nauth-token-file = "tokens"\n' + text.join('\n'));
    const {document, wrong} = await parsed('--config', file);
    assert.deepEqual(wrong, []);
    assert.deepEqual(document.channels().all().map((each) => each.address()),
      ['/count', '/logs/{path}', '/tagged', '/lsp', '/mcp%7Bx%7D']);
    assert.equal(document.operations().all().length, 2 * endpoints.length);
    assert.equal(document.operations().all()[0].security().length, 1);
  });
});
