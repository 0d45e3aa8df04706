/*
 * What needs no server: each file of unit/, in one process, since starting one takes longer than the tests do.
 */
import fs from 'node:fs';

const folder = new URL('unit/', import.meta.url);
for (const name of fs.readdirSync(folder).sort()) await import(new URL(name, folder));
