'use strict';
/*
 * What an operator sets, where, and what is said about it when it is wrong.
 */
const assert = require('node:assert');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');
const { Program, SPECTATE, spectate } = require('./lib/program.js');
const { startServer } = require('./lib/server.js');
const { temporaryFile } = require('./lib/temporary.js');
const { inTime } = require('./lib/wait.js');

const serve = (args, options) => spectate(['serve', ...args], options);

/* What --print-config says of an option: [value, where it came from]. */
function setting(program, name) {
  const line = program.stdout.split('\n').find((it) => it.startsWith(`${name} = `));
  assert.ok(line, `no ${name} in\n${program.stdout}${program.stderr}`);
  const [, value, origin] = line.match(/ = (.*?)  # (.*)$/);
  return [value, origin];
}

test('--help lists the commands, and each tells of itself', async () => {
  const help = await spectate(['--help']);
  assert.strictEqual(help.code, 0);
  for (const command of ['serve', 'simulate', 'replay', 'watch', 'token']) {
    assert.match(help.stdout, new RegExp(`^  ${command} `, 'm'));
    const own = await spectate([command, '--help']);
    assert.strictEqual(own.code, 0, command);
    assert.match(own.stdout, new RegExp(`^Usage: spectate ${command}`), command);
  }
});

test('--version names the version', async () => {
  const { code, stdout } = await spectate(['--version']);
  assert.deepStrictEqual([code, /^spectate \d+\.\d+\.\d+\n$/.test(stdout)], [0, true]);
});

test('--help of serve names every option that the documentation has', async () => {
  const { stdout } = await serve(['--help']);
  const page = fs.readFileSync(path.join(__dirname, '../../docs/configuration.md'), 'utf8');
  const options = [...page.matchAll(/^\| `--([a-z-]+)` /gm)].map(([, name]) => name);
  assert.ok(options.length >= 20);
  for (const name of options) assert.ok(stdout.includes(`--${name}=`), name);
});

/* [arguments, what is said] */
const WRONG_USAGE = [
  [[], /Usage/],
  [['nonsense'], /nonsense/],
  [['serve', '--nonsense'], /nonsense/],
  [['serve', '--max-faults'], /max-faults/],
  [['serve', 'stray'], /arguments/],
  [['serve', '--max-faults', 'x'], /--max-faults: .*whole number/],
  [['serve', '--max-faults', '-1'], /--max-faults/],
  [['serve', '--max-faults', '0'], /--max-faults/],
  [['serve', '--max-faults', '99999999999999999999'], /--max-faults/],
  [['serve', '--max-message-bytes', '10X'], /--max-message-bytes/],
  [['serve', '--max-message-bytes', '1T'], /--max-message-bytes/],
  [['serve', '--lag-time', 'soon'], /--lag-time/],
  [['serve', '--log-level', 'loud'], /--log-level: .*error/],
  [['serve', '--listen', 'here'], /--listen/],
  [['serve', '--listen', '127.0.0.1:70000'], /--listen/],
  [['serve', '--listen', '::1:80'], /--listen/],
  [['serve', '--config', '/nonexistent/file'], /\/nonexistent\/file/],
  [['serve', '--listen', ':0'], /connect to :0: say `auth jwt`/],
  [['serve', '--listen', '127.0.0.1:0,192.0.2.1:0'], /connect to 192\.0\.2\.1:0/],
  [['serve', '--auth', 'jwt'], /issuer/],
  [['serve', '--tls-cert', 'a.pem'], /tls-key/],
  [['serve', '--admin', '127.0.0.1:0'], /admin-token-file/],
  [['serve', '--proxy-protocol', 'on'], /trusted-proxies/],
  [['serve', '--trusted-proxies', '10.0.0.0/33'], /--trusted-proxies: .*network/],
  [['serve', '--allow-origin', 'https://race.example/'], /--allow-origin: .*without a path/],
];

for (const [args, said] of WRONG_USAGE) {
  test(`spectate ${args.join(' ')}: status 2, and what is wrong`, async () => {
    const { code, stderr } = await spectate(args);
    assert.strictEqual(code, 2, stderr);
    assert.match(stderr, said);
  });
}

test('flags go before the environment, that before the file, that before the default', async (t) => {
  const file = temporaryFile(
    t,
    'spectate.conf',
    'max-faults = 3\nmax-follows = 4 # four\n\n# a comment\nlag-time = "7s"\n',
  );
  const shown = await serve(['--print-config', '--config', file, '--max-faults', '1'], {
    env: { SPECTATE_MAX_FAULTS: '2', SPECTATE_MAX_FOLLOWS: '5' },
  });
  assert.strictEqual(shown.code, 0, shown.stderr);
  assert.deepStrictEqual(setting(shown, 'max-faults'), ['1', '--max-faults']);
  assert.deepStrictEqual(setting(shown, 'max-follows'), ['5', 'SPECTATE_MAX_FOLLOWS']);
  assert.strictEqual(setting(shown, 'lag-time')[0], '7s');
  assert.match(setting(shown, 'lag-time')[1], /spectate\.conf:5/);
  assert.deepStrictEqual(setting(shown, 'max-headers'), ['64', 'default']);
});

test('what --print-config prints is a configuration file', async (t) => {
  const first = await serve([
    '--print-config',
    '--max-faults',
    '7',
    '--lag-bytes',
    '100K',
    '--listen',
    '[::1]:9',
    '--listen',
    ':10',
    '--auth',
    'none',
  ]);
  const file = temporaryFile(t, 'printed.conf', first.stdout);
  const second = await serve(['--print-config', '--config', file]);
  const values = (program) => program.stdout.replace(/ +#.*$/gm, '');
  assert.strictEqual(second.code, 0, second.stderr);
  assert.strictEqual(values(second), values(first));
});

test('the file may be named by SPECTATE_CONFIG, and --check-config says whether all is well', async (t) => {
  const good = temporaryFile(t, 'good.conf', 'max-faults = 3\n');
  const bad = temporaryFile(t, 'bad.conf', '\nmax-follows = 1\nmax-fault = 3\n');
  assert.strictEqual((await serve(['--check-config'], { env: { SPECTATE_CONFIG: good } })).code, 0);
  const said = await serve(['--check-config'], { env: { SPECTATE_CONFIG: bad } });
  assert.strictEqual(said.code, 2);
  assert.match(said.stderr, /bad\.conf:3: .*max-fault/);
});

test('an issuer that is none is found by --check-config, and stops the start as other usage does', async () => {
  for (const action of ['--check-config', '--print-config', '--listen=127.0.0.1:0']) {
    const said = await serve([action, '--auth', 'jwt', '--issuer', 'keys=http://elsewhere.example/keys']);
    assert.strictEqual(said.code, 2, action);
    assert.match(said.stderr, /issuer: .*https/);
  }
});

test('a bad value in the environment or the file is named with its place', async (t) => {
  const inEnvironment = await serve(['--check-config'], { env: { SPECTATE_LAG_BYTES: 'much' } });
  assert.strictEqual(inEnvironment.code, 2);
  assert.match(inEnvironment.stderr, /SPECTATE_LAG_BYTES/);
  const file = temporaryFile(t, 'spectate.conf', 'lag-bytes = much\n');
  const inFile = await serve(['--check-config', '--config', file]);
  assert.strictEqual(inFile.code, 2);
  assert.match(inFile.stderr, /spectate\.conf:1: .*lag-bytes/);
});

test('an unknown variable is warned of and does not stop the server', async (t) => {
  const server = await startServer(t, [], { env: { SPECTATE_MAX_FAULT: '3' } });
  assert.match(server.program.stderr, / warn config\.ignored .*SPECTATE_MAX_FAULT/);
});

test('settings from the file and the environment act', async (t) => {
  const file = temporaryFile(t, 'spectate.conf', 'max-faults = 1\n');
  const server = await startServer(t, ['--config', file], { env: { SPECTATE_MAX_MESSAGE_BYTES: '200' } });
  const client = await server.client();
  client.send('x');
  client.send('x');
  assert.strictEqual((await client.closed()).code, 1008);
  const other = await server.client();
  other.send('x'.repeat(201));
  assert.strictEqual((await other.closed()).code, 1009);
});

for (const workers of ['1', '3']) {
  test(`an address that is in use: status 3, and which it is (${workers} workers)`, async (t) => {
    const server = await startServer(t, ['--workers', workers]);
    const second = await serve(['--listen', server.authority, '--workers', workers]);
    assert.strictEqual(second.code, 3, second.stderr);
    assert.match(second.stderr, new RegExp(`error net\\.not_listening .*${server.authority}: .*in use`));
    assert.strictEqual((await server.get('/healthz')).status, 200);
  });
}

test('an address that is not ours: status 3', async () => {
  const { code, stderr } = await serve(['--listen', '192.0.2.1:0', '--auth', 'none', '--workers', '1']);
  assert.strictEqual(code, 3);
  assert.match(stderr, /192\.0\.2\.1/);
});

test('who lets everybody in from everywhere has to ask for it by name, and is warned', async (t) => {
  const server = await startServer(t, ['--listen', '127.0.0.1:0', '--listen', '0.0.0.0:0', '--auth', 'none']);
  assert.match(server.program.stderr, / warn auth\.none /);
  const proxied = await startServer(t, ['--trusted-proxies', '127.0.0.1']);
  assert.match(proxied.program.stderr, / warn auth\.none .*proxy/);
  const quiet = await startServer(t, ['--auth', 'none']);
  assert.doesNotMatch(quiet.program.stderr, /auth\.none/);
});

test('a server that ended leaves its address free at once, also with connections in TIME_WAIT', async (t) => {
  const first = await startServer(t);
  const client = await first.client();
  first.program.kill('SIGTERM');
  await client.closed();
  await first.endsWith(0);
  const second = await startServer(t, ['--listen', first.authority]);
  assert.strictEqual(second.port, first.port);
});

function hasIpv6() {
  return Object.values(os.networkInterfaces()).some((all) => all.some(({ address }) => address === '::1'));
}

test('it listens on IPv6', { skip: hasIpv6() ? false : 'no ::1 here' }, async (t) => {
  const server = await startServer(t, ['--listen', '[::1]:0']);
  assert.match(server.authority, /^\[::1\]:[0-9]+$/);
  const client = await server.client();
  client.follow([1]);
  client.publish(1, 2, 3);
  assert.strictEqual((await client.next()).lat, 2);
  assert.strictEqual((await server.get('/healthz')).status, 200);
});

for (const workers of ['1', '3']) {
  test(`--listen may be given more than once, and all ports reach the same runners (${workers} workers)`, async (t) => {
    const server = await startServer(t, ['--listen', '127.0.0.1:0', '--listen', '127.0.0.2:0', '--workers', workers]);
    const [, host, port] = await server.program.printed(/listening on (127\.0\.0\.2):(\d+)\n/);
    const follower = await server.client();
    follower.follow([1]);
    await follower.ping();
    server.url = `ws://${host}:${port}/`;
    const publisher = await server.client();
    publisher.publish(1, 2, 3);
    assert.deepStrictEqual(await follower.next(), { userId: 1, lat: 2, lng: 3 });
  });
}

test('with port 0 the line that says where it listens names the real port, also for all workers', async (t) => {
  const server = await startServer(t, ['--workers', '3']);
  assert.ok(server.port > 0);
  for (let i = 0; i < 20; i++) {
    const connected = new Promise((resolve, reject) => {
      const socket = net.connect(server.port, server.host, () => socket.destroy() && resolve());
      socket.on('error', reject);
    });
    await inTime(connected, () => 'a connection');
  }
});

test('with --log-format json every line is an object', async (t) => {
  const program = new Program(SPECTATE, [
    'serve',
    '--listen',
    '127.0.0.1:0',
    '--log-format',
    'json',
    '--log-level',
    'debug',
  ]);
  t.after(() => program.kill('SIGKILL'));
  await program.printed(/server\.ready.*\n/);
  program.kill('SIGTERM');
  assert.strictEqual(await program.ended(), 0);
  const lines = program.stderr
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.ok(lines.some((line) => Object.values(line).includes('net.listening')));
});

test('--log-level error keeps it quiet, debug tells of sessions', async (t) => {
  const program = new Program(SPECTATE, ['serve', '--listen', '127.0.0.1:0', '--log-level', 'error']);
  t.after(() => program.kill('SIGKILL'));
  const server = await startServer(t, ['--log-level', 'debug']);
  const client = await server.client();
  await client.close(1000);
  await server.program.printed(/ debug session\.begin session=\d+ /);
  await server.program.printed(/ debug session\.end session=\d+ .*client_close/);
  program.kill('SIGTERM');
  await program.ended();
  assert.strictEqual(program.stderr, '');
});
