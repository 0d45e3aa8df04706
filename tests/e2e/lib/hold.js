'use strict';
/*
 * hold: a store that another process is in the way of.
 */
const { spawn } = require('node:child_process');
const { inTime } = require('./wait.js');

/* Another process holds the file for writing, from its line "held" until it is killed. */
async function holdForWriting(t, file) {
  const holder = spawn('python3', [
    '-c',
    'import sqlite3,sys\nd=sqlite3.connect(sys.argv[1],isolation_level=None)\nd.execute("BEGIN IMMEDIATE")\nprint("held",flush=True)\nsys.stdin.read()',
    file,
  ]);
  t.after(() => holder.kill());
  await inTime(new Promise((resolve) => holder.stdout.once('data', resolve)), () => 'the file to be held');
  return holder;
}

module.exports = { holdForWriting };
