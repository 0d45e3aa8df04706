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

/* The path of a new, empty folder. */
function temporaryFolder(t) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spectate-e2e-'));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  return folder;
}

module.exports = { temporaryFile, temporaryFolder };
