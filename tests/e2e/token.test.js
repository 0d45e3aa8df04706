'use strict';
/*
 * `spectate token`: what it mints is read by a JOSE library that we did not write, and what it draws by a QR decoder.
 */
const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const jose = require('jose');
const { SPECTATE, run, spectate } = require('./lib/program.js');
const { readQr } = require('./lib/qr.js');
const { temporaryFile } = require('./lib/temporary.js');

const KEY_PAIRS = ['RS256', 'PS256', 'ES256', 'ES384'];
const SECRETS = { HS256: 32, HS384: 48, HS512: 64 }; // and how many bytes they have

const token = (args, options) => spectate(['token', ...args], options);

/* A path in a folder of its own where nothing is. */
function freshPath(t, name) {
  const file = temporaryFile(t, name, '');
  fs.rmSync(file);
  return file;
}

/* It ends well; what it printed, without the newline. */
async function printed(args) {
  const { code, stdout, stderr } = await token(args);
  assert.strictEqual(code, 0, stderr);
  assert.ok(stdout.endsWith('\n'));
  return stdout.slice(0, -1);
}

/* A new key of this algorithm: { args, keys } to sign with and to verify with. */
async function newKey(t, alg) {
  const file = freshPath(t, 'key');
  if (alg.startsWith('HS')) {
    assert.strictEqual((await token(['--keygen', alg, '--secret', file])).code, 0);
    const secret = fs.readFileSync(file, 'utf8').replace(/\n$/, '');
    return { args: ['--secret', file, '--alg', alg], keys: new TextEncoder().encode(secret), file };
  }
  const jwks = JSON.parse(await printed(['--keygen', alg, '--key', file]));
  return { args: ['--key', file], keys: jose.createLocalJWKSet(jwks), jwks, file };
}

for (const alg of [...KEY_PAIRS, ...Object.keys(SECRETS)]) {
  test(`${alg}: a new key signs tokens that jose verifies`, async (t) => {
    const key = await newKey(t, alg);
    const text = await printed([...key.args, '--sub', '7']);
    const { payload, protectedHeader } = await jose.jwtVerify(text, key.keys, { algorithms: [alg] });
    assert.strictEqual(protectedHeader.alg, alg);
    assert.strictEqual(payload.sub, '7');
    const [header, claims, signature] = text.split('.');
    const forged = [header, claims, (signature[0] === 'A' ? 'B' : 'A') + signature.slice(1)].join('.');
    await assert.rejects(jose.jwtVerify(forged, key.keys), /signature/);
  });
}

for (const alg of KEY_PAIRS) {
  test(`${alg}: a private key that jose made signs, too, alone or in a set`, async (t) => {
    const pair = await jose.generateKeyPair(alg, { extractable: true });
    const jwk = { ...(await jose.exportJWK(pair.privateKey)), kid: 'k1', alg };
    const other = { ...(await jose.exportJWK((await jose.generateKeyPair('ES256')).privateKey)), kid: 'k2' };
    const alone = temporaryFile(t, 'key.jwk', JSON.stringify(jwk));
    const set = temporaryFile(t, 'keys.jwks', JSON.stringify({ keys: [other, jwk] }));
    for (const args of [
      ['--key', alone],
      ['--key', set, '--kid', 'k1'],
    ]) {
      const text = await printed([...args, '--follow', '*']);
      const { protectedHeader } = await jose.jwtVerify(text, pair.publicKey);
      assert.deepStrictEqual(protectedHeader, { alg, kid: 'k1', typ: 'JWT' });
    }
  });
}

test('every option is a claim', async (t) => {
  const key = await newKey(t, 'ES256');
  const claims = ['--issuer', 'https://race.example', '--audience', 'race', '--id', 'one', '--rate', '5', '--follows', '6'];
  const grants = ['--sub', 'Ann', '--publish', '7,pro-*', '--publish', '8', '--follow', 'group:elite,*'];
  const times = ['--not-before', '1h', '--expires', '2d'];
  const text = await printed([...key.args, ...claims, ...grants, ...times]);
  const payload = jose.decodeJwt(text);
  const now = Math.floor(Date.now() / 1000);
  assert.ok(Math.abs(payload.iat - now) < 60, `${payload.iat} ${now}`);
  assert.deepStrictEqual(payload, {
    iss: 'https://race.example',
    aud: 'race',
    sub: 'Ann',
    jti: 'one',
    publish: ['7', 'pro-*', '8'],
    follow: ['group:elite', '*'],
    iat: payload.iat,
    nbf: payload.iat + 3600,
    exp: payload.iat + 2 * 86400,
    rate: 5,
    follows: 6,
  });
});

test('without more it is good for 12 hours, and has an id that nobody guesses', async (t) => {
  const key = await newKey(t, 'HS256');
  const first = jose.decodeJwt(await printed([...key.args, '--sub', '7']));
  const second = jose.decodeJwt(await printed([...key.args, '--sub', '7']));
  assert.deepStrictEqual(Object.keys(first).sort(), ['exp', 'iat', 'jti', 'sub']);
  assert.strictEqual(first.exp - first.iat, 12 * 3600);
  assert.match(first.jti, /^[A-Za-z0-9_-]{22}$/);
  assert.notStrictEqual(first.jti, second.jti);
});

test('--share is for following only', async (t) => {
  const key = await newKey(t, 'ES256');
  const payload = jose.decodeJwt(await printed([...key.args, '--share', '--follow', '7,8']));
  assert.deepStrictEqual([payload.follow, payload.publish, payload.sub], [['7', '8'], undefined, undefined]);
  for (const args of [
    ['--sub', '7'],
    ['--publish', '7'],
  ]) {
    const { code, stderr, stdout } = await token([...key.args, '--share', '--follow', '7', ...args]);
    assert.deepStrictEqual([code, stdout], [2, '']);
    assert.match(stderr, /--share/);
  }
});

/* --- links and codes --- */

test('with --url it prints a link, and no code where no terminal is', async (t) => {
  const key = await newKey(t, 'ES256');
  const link = await printed([...key.args, '--share', '--follow', '7', '--url', 'https://race.example/map?lang=fr#finish']);
  const url = new URL(link);
  assert.deepStrictEqual(
    [url.origin, url.pathname, url.searchParams.get('lang'), url.hash],
    ['https://race.example', '/map', 'fr', '#finish'],
  );
  await jose.jwtVerify(url.searchParams.get('token'), key.keys);
});

test('a link that others on the way can read is warned of, on standard error', async (t) => {
  const key = await newKey(t, 'ES256');
  const far = await token([...key.args, '--share', '--follow', '7', '--url', 'http://race.example/']);
  assert.deepStrictEqual([far.code, far.stdout.trimEnd().split('\n').length], [0, 1]);
  assert.match(far.stderr, /https/);
  const near = await token([...key.args, '--share', '--follow', '7', '--url', 'http://localhost:8080/']);
  assert.strictEqual(near.stderr, '');
});

for (const alg of ['HS256', 'ES256', 'RS256']) {
  test(`${alg}: with --qr a decoder reads the link from the code`, async (t) => {
    const key = await newKey(t, alg);
    const output = await printed([...key.args, '--share', '--follow', '*', '--url', 'https://race.example/', '--qr']);
    assert.strictEqual(readQr(output), output.split('\n')[0]);
  });
}

test('with --qr and no --url the code is the token', async (t) => {
  const key = await newKey(t, 'ES256');
  const output = await printed([...key.args, '--sub', '7', '--qr']);
  await jose.jwtVerify(readQr(output), key.keys);
});

test('what is too long for a code is printed all the same', async (t) => {
  const key = await newKey(t, 'ES256');
  const ids = Array.from({ length: 300 }, (_, i) => `runner-${i}`).join(',');
  const { code, stdout, stderr } = await token([...key.args, '--follow', ids, '--qr']);
  assert.strictEqual(code, 0);
  assert.match(stderr, /too long for a QR code/);
  await jose.jwtVerify(stdout.trimEnd(), key.keys);
});

/* Run it on a terminal of so many columns; what the terminal got. */
async function onTerminal(args, columns = 200) {
  const words = [SPECTATE, 'token', ...args].map((word) => `'${word}'`).join(' ');
  const { code, stdout, stderr } = await run('script', ['-qec', `stty cols ${columns}; ${words}`, '/dev/null']);
  assert.strictEqual(code, 0, stdout + stderr);
  return stdout;
}

test('on a terminal a link comes with its code, in colours of its own', async (t) => {
  const key = await newKey(t, 'ES256');
  const args = [...key.args, '--share', '--follow', '7', '--url', 'https://race.example/'];
  const shown = await onTerminal(args);
  assert.match(shown, /\u001b\[38;5;231;48;5;16m/);
  assert.strictEqual(readQr(shown), shown.split('\r\n')[0]);
  assert.strictEqual(readQr(await onTerminal([...args, '--no-qr'])), undefined);
  assert.strictEqual(readQr(await onTerminal([...key.args, '--sub', '7'])), undefined);
});

test('a terminal that is too narrow for the code gets the link, and is told', async (t) => {
  const key = await newKey(t, 'ES256');
  const shown = await onTerminal([...key.args, '--share', '--follow', '7', '--url', 'https://race.example/'], 40);
  assert.match(shown, /^https:\/\/race\.example\/\?token=/);
  assert.match(shown, /needs a terminal of \d+ columns/);
  assert.strictEqual(readQr(shown), undefined);
});

/* --- new keys --- */

for (const alg of KEY_PAIRS) {
  test(`${alg}: --keygen prints the public half, and keeps the private one to its owner`, async (t) => {
    const key = await newKey(t, alg);
    assert.strictEqual(fs.statSync(key.file).mode & 0o777, 0o600);
    const secret = JSON.parse(fs.readFileSync(key.file, 'utf8'));
    const [shown] = key.jwks.keys;
    assert.deepStrictEqual([shown.alg, shown.use], [alg, 'sig']);
    assert.strictEqual(shown.kid, await jose.calculateJwkThumbprint(shown));
    assert.deepStrictEqual([secret.kid, secret.alg], [shown.kid, alg]);
    for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi']) assert.ok(!(member in shown), member);
    assert.ok('d' in secret);
    if (shown.kty === 'RSA') assert.strictEqual(Buffer.from(shown.n, 'base64url').length, 256);
  });
}

for (const [alg, bytes] of Object.entries(SECRETS)) {
  test(`${alg}: --keygen draws ${bytes} bytes, and prints nothing of them`, async (t) => {
    const file = freshPath(t, 'secret');
    const { code, stdout, stderr } = await token(['--keygen', alg, '--secret', file]);
    const text = fs.readFileSync(file, 'utf8');
    assert.deepStrictEqual([code, stdout, fs.statSync(file).mode & 0o777], [0, '', 0o600]);
    assert.strictEqual(Buffer.from(text.trimEnd(), 'base64url').length, bytes);
    assert.match(stderr, new RegExp(`--issuer 'secret=.* alg=${alg}'`));
    assert.ok(!stderr.includes(text.trimEnd()));
  });
}

test('--keygen overwrites nothing', async (t) => {
  const file = temporaryFile(t, 'key', 'dear');
  for (const args of [
    ['--keygen', 'ES256', '--key', file],
    ['--keygen', 'HS256', '--secret', file],
  ]) {
    const { code, stdout, stderr } = await token(args);
    assert.deepStrictEqual([code, stdout], [2, '']);
    assert.match(stderr, /not overwritten/);
  }
  assert.strictEqual(fs.readFileSync(file, 'utf8'), 'dear');
});

test('--keygen where no file can be: status 3', async () => {
  const { code, stderr } = await token(['--keygen', 'ES256', '--key', '/nonexistent/key']);
  assert.strictEqual(code, 3);
  assert.match(stderr, /\/nonexistent\/key: No such file/);
});

test('a key may have a name of its own', async (t) => {
  const file = freshPath(t, 'key');
  const jwks = JSON.parse(await printed(['--keygen', 'ES256', '--key', file, '--kid', 'race-2026']));
  assert.strictEqual(jwks.keys[0].kid, 'race-2026');
  const text = await printed(['--key', file, '--sub', '7']);
  assert.strictEqual(jose.decodeProtectedHeader(text).kid, 'race-2026');
});

/* --- what is wrong --- */

/* Arguments; what is said. */
const WRONG_USAGE = [
  [[], /--key or --secret/],
  [['--key', 'k', '--secret', 's', '--sub', '7'], /give one/],
  [['--key', 'k'], /--sub, --publish or --follow/],
  [['--key', 'k', '--sub', ''], /--sub/],
  [['--key', 'k', '--sub', 'x'.repeat(65)], /--sub/],
  [['--key', 'k', '--publish', '7,,8'], /an id has/],
  [['--key', 'k', '--publish', ''], /an id has/],
  [['--key', 'k', '--publish', 'group:elite'], /no groups/],
  [['--key', 'k', '--follow', 'x'.repeat(65)], /an id has/],
  [['--key', 'k', '--follow', `${'7,'.repeat(1000)}7`], /at most 1000/],
  [['--key', 'k', '--sub', '7', '--expires', '0'], /--expires/],
  [['--key', 'k', '--sub', '7', '--expires', '401d'], /--expires/],
  [['--key', 'k', '--sub', '7', '--expires', 'never'], /--expires/],
  [['--key', 'k', '--sub', '7', '--not-before', '12h'], /expire before/],
  [['--key', 'k', '--sub', '7', '--alg', 'none'], /--alg/],
  [['--key', 'k', '--sub', '7', '--rate', '0'], /--rate/],
  [['--key', 'k', '--sub', '7', '--id', ''], /--id/],
  [['--key', 'k', '--sub', '7', '--url', 'ws://race.example/'], /--url/],
  [['--key', 'k', '--sub', '7', '--url', 'https://race.example/?token=x'], /--url/],
  [['--key', 'k', '--sub', '7', '--qr', '--no-qr'], /--qr or --no-qr/],
  [['--key', 'k', '--sub', '7', 'stray'], /stray/],
  [['--keygen', 'ES256'], /--key or --secret/],
  [['--keygen', 'ES256', '--secret', 's'], /for --key/],
  [['--keygen', 'HS256', '--key', 'k'], /for --secret/],
  [['--keygen', 'HS256', '--secret', 's', '--kid', 'x'], /--kid/],
  [['--keygen', 'EdDSA', '--key', 'k'], /--keygen/],
  [['--keygen', 'ES256', '--key', 'k', '--sub', '7'], /no token/],
  [['--keygen', 'ES256', '--key', 'k', '--alg', 'ES256'], /without --alg/],
  [['--key', '/nonexistent/key', '--sub', '7'], /\/nonexistent\/key: No such file/],
  [['--secret', '/', '--sub', '7'], /directory/],
];

for (const [args, said] of WRONG_USAGE) {
  test(`token ${args.join(' ').slice(0, 60)}: status 2, and what is wrong`, async () => {
    const { code, stdout, stderr } = await token(args);
    assert.deepStrictEqual([code, stdout], [2, ''], stderr);
    assert.match(stderr, said);
  });
}

/* What is in the file; arguments; what is said: never what is in the file. */
const WRONG_FILES = [
  ['', ['--key'], /no JWK/],
  ['sesame', ['--key'], /no JWK/],
  ['{"kty":"oct","k":"c2VzYW1l"}', ['--key'], /too short/],
  ['{"kty":"EC","crv":"P-256","d":"c2VzYW1l","x":"c2VzYW1l","y":"c2VzYW1l"}', ['--key'], /malformed/],
  ['{"keys":[]}', ['--key'], /no private key/],
  ['sesame-sesame-sesame-sesame-ses', ['--secret'], /32 bytes at least/],
  ['sesame-sesame-sesame-sesame-sesame', ['--alg', 'HS512', '--secret'], /64 bytes at least/],
  ['sesame-sesame-sesame-sesame-sesame', ['--alg', 'ES256', '--secret'], /not for ES256/],
];

for (const [content, args, said] of WRONG_FILES) {
  test(`a file with ${content.slice(0, 40)} for ${args.join(' ')}: status 2, and nothing of it is said`, async (t) => {
    const file = temporaryFile(t, 'file', content);
    const { code, stdout, stderr } = await token([...args, file, '--sub', '7']);
    assert.deepStrictEqual([code, stdout], [2, ''], stderr);
    assert.match(stderr, said);
    assert.doesNotMatch(stderr, /sesame|c2VzYW1l/);
  });
}

test('a token that is bigger than a server takes is not made', async (t) => {
  const key = await newKey(t, 'ES256');
  const ids = Array.from({ length: 1000 }, (_, i) => `runner-${i}`).join(',');
  const { code, stdout, stderr } = await token([...key.args, '--follow', ids]);
  assert.deepStrictEqual([code, stdout], [2, '']);
  assert.match(stderr, /groups and prefixes/);
});

test('the key may come through a pipe, and a full disk is a failure', async (t) => {
  const key = await newKey(t, 'ES256');
  const shell = (line) => run('sh', ['-c', line, SPECTATE, key.file]);
  const piped = await shell('cat "$1" | "$0" token --key /dev/stdin --sub 7');
  assert.strictEqual(piped.code, 0, piped.stderr);
  await jose.jwtVerify(piped.stdout.trimEnd(), key.keys);
  const full = await shell('"$0" token --key "$1" --sub 7 >/dev/full');
  assert.strictEqual(full.code, 1);
  assert.match(full.stderr, /standard output/);
});

test('--help names every option, and the page of tokens does', async () => {
  const { stdout } = await token(['--help']);
  const page = fs.readFileSync(path.join(__dirname, '../../docs/tokens.md'), 'utf8');
  const table = fs.readFileSync(path.join(__dirname, '../../src/cli/token_options.def'), 'utf8');
  const names = [...table.matchAll(/^OPTION\(\w+, "([a-z-]+)"/gm)].map(([, name]) => name);
  assert.ok(names.length >= 18);
  for (const name of names) {
    assert.ok(stdout.includes(`--${name}`), name);
    assert.ok(page.includes(`\`--${name}`), `docs/tokens.md: ${name}`);
  }
});
