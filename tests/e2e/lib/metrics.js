'use strict';
/*
 * metrics: a strict reader of Prometheus' text format, version 0.0.4.
 *
 * parse() gives a Map from the name with its labels, as written, to the number; and fails on anything that the format does not
 * allow, so that reading the metrics is also a test of them.
 */
const assert = require('node:assert');

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABEL = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*"';
const SAMPLE = new RegExp(`^(${NAME})(\\{${LABEL}(?:,${LABEL})*\\})? (-?[0-9.]+(?:e[+-]?[0-9]+)?|NaN|[+-]Inf)$`);
const COMMENT = new RegExp(`^# (HELP|TYPE) (${NAME}) (.+)$`);
const TYPES = ['counter', 'gauge', 'histogram'];

function familyOf(name, types) {
  if (types.has(name)) return name;
  const base = name.replace(/_(bucket|sum|count)$/, '');
  assert.strictEqual(types.get(base), 'histogram', `${name} has no TYPE`);
  return base;
}

function parse(text) {
  const values = new Map();
  const types = new Map();
  const helps = new Set();
  const complete = new Set();
  let current;
  assert.ok(text.endsWith('\n'), 'the last line has no end');
  for (const line of text.slice(0, -1).split('\n')) {
    const comment = line.match(COMMENT);
    if (comment) {
      const [, kind, name, rest] = comment;
      if (kind === 'HELP') assert.ok(!helps.has(name), `two HELP for ${name}`);
      else assert.ok(!types.has(name) && TYPES.includes(rest), `bad TYPE: ${line}`);
      if (kind === 'HELP') helps.add(name);
      else types.set(name, rest);
      continue;
    }
    const sample = line.match(SAMPLE);
    assert.ok(sample, `not a sample: ${line}`);
    const [, name, labels = '', value] = sample;
    const family = familyOf(name, types);
    assert.ok(helps.has(family), `no HELP for ${family}`);
    if (family !== current) assert.ok(!complete.has(family), `samples of ${family} are not together`);
    complete.add(family);
    current = family;
    assert.ok(!values.has(name + labels), `${name + labels} is there twice`);
    values.set(name + labels, Number(value.replace('Inf', 'Infinity')));
  }
  return { values, types };
}

module.exports = { parse };
