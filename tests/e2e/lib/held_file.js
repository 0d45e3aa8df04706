'use strict';
/*
 * held_file: another process that holds the store's file for writing, so that the server has to wait for it.
 */
const { spawn } = require('node:child_process');
const { inTime } = require('./wait.js');

const HOLDER = `
import sqlite3, sys
file = sqlite3.connect(sys.argv[1], isolation_level=None)
file.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
`;

/* Held when this returns, until the process that it returns is killed, or the test ends. */
async function hold(t, file) {
  const holder = spawn('python3', ['-c', HOLDER, file]);
  t.after(() => holder.kill());
  await inTime(new Promise((resolve) => holder.stdout.once('data', resolve)), () => 'the file to be held');
  return holder;
}

module.exports = { hold };
