'use strict';
/*
 * temporary: files that go with the test.
 */
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

/* The path of a new file with this name and content, in a folder of its own. */
function temporaryFile(t, name, content) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spectate-e2e-'));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  const file = path.join(folder, name);
  fs.writeFileSync(file, content);
  return file;
}

const folders = [];
process.on('exit', () => folders.forEach((folder) => fs.rmSync(folder, { recursive: true, force: true })));

/* The path of a new, empty folder. It is there until all tests of the file have ended, as servers end after their test. */
function temporaryFolder() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spectate-e2e-'));
  folders.push(folder);
  return folder;
}

module.exports = { temporaryFile, temporaryFolder };
