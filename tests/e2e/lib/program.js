'use strict';
/*
 * program: one of our programs as a child process. Its output is kept, its end awaited, and what a sanitizer has to say fails
 * the test.
 */
const assert = require('node:assert');
const { spawn } = require('node:child_process');
const path = require('node:path');
const { Signal } = require('./wait.js');

const ROOT = path.resolve(__dirname, '../../..');
const SPECTATE = path.resolve(process.env.SPECTATE_BIN ?? path.join(ROOT, 'build/spectate'));
const WS_ECHO = path.resolve(process.env.WS_ECHO_BIN ?? path.join(ROOT, 'build/ws-echo'));
const WRAPPER = (process.env.SPECTATE_WRAPPER ?? '').split(' ').filter((word) => word !== '');
const IS_SANITIZED_REPORT = /Sanitizer|runtime error:|check failed/i;

const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/* What a shell would see of variables that may disturb a test. */
function cleanEnvironment(extra) {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('SPECTATE_'));
  return { ...Object.fromEntries(own), ...extra };
}

class Program {
  /* Options: env, cwd, wrapper (an array of words to run it through). */
  constructor(file, args, options = {}) {
    const words = [...WRAPPER, ...(options.wrapper ?? []), file, ...args];
    this.name = [path.basename(file), ...args].join(' ');
    this.stdout = '';
    this.stderr = '';
    this.code = undefined; // exit code, or null when a signal ended it
    this.signal = undefined;
    this.changed = new Signal();
    this.child = spawn(words[0], words.slice(1), {
      cwd: options.cwd,
      env: cleanEnvironment(options.env),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.add(this.child);
    for (const name of ['stdout', 'stderr']) {
      this.child[name].setEncoding('utf8');
      this.child[name].on('data', (text) => {
        this[name] += text;
        this.changed.notify();
      });
    }
    this.child.on('error', (error) => {
      this.stderr += `${words[0]}: ${error.message}\n`;
      this.#end(127, null);
    });
    this.child.on('close', (code, signal) => this.#end(code, signal));
  }

  #end(code, signal) {
    if (this.hasEnded) return;
    running.delete(this.child);
    this.code = code;
    this.signal = signal;
    this.changed.notify();
  }

  get pid() {
    return this.child.pid;
  }

  get hasEnded() {
    return this.code !== undefined;
  }

  kill(signal) {
    this.wasKilled ||= signal === 'SIGTERM' || signal === 'SIGKILL';
    this.child.kill(signal);
  }

  /* Wait until `pattern` is in what it printed on `stream`; the match. Fails at once when the program ends before. */
  async printed(pattern, stream = 'stderr') {
    const match = await this.changed.until(
      () => this[stream].match(pattern) ?? (this.hasEnded ? 'ended' : undefined),
      () => `${pattern} on ${stream} of ${this.name}\n${this.stderr}`,
    );
    assert.notStrictEqual(match, 'ended', `${this.name} ended with ${this.code} and no ${pattern}:\n${this.stderr}`);
    return match;
  }

  /* Wait for its end; the exit code (null: a signal). */
  async ended() {
    await this.changed.until(
      () => this.hasEnded,
      () => `the end of ${this.name}\n${this.stderr}`,
    );
    assert.doesNotMatch(this.stderr, IS_SANITIZED_REPORT);
    return this.code;
  }
}

/* Run it to its end: { code, stdout, stderr }. */
async function run(file, args, options) {
  const program = new Program(file, args, options);
  await program.ended();
  return program;
}

function spectate(args, options) {
  return run(SPECTATE, args, options);
}

module.exports = { Program, ROOT, SPECTATE, WS_ECHO, run, spectate };
