'use strict';
/*
 * gpx: tracks for the tests, written plainly, and read by a regular expression, which has nothing in common with the product's
 * reader.
 */
const fs = require('node:fs');
const path = require('node:path');
const { ROOT } = require('./program.js');

const TRACK_POINT = /<trkpt\b([^>]*)>/g;

function attribute(text, name) {
  return text.match(new RegExp(`\\b${name}\\s*=\\s*["']([^"']*)["']`))[1];
}

/* [{ lat, lng }] of all track points of a file, in file order. */
function points(file) {
  const text = fs.readFileSync(file, 'utf8');
  return [...text.matchAll(TRACK_POINT)].map(([, attributes]) => ({
    lat: Number(attribute(attributes, 'lat')),
    lng: Number(attribute(attributes, 'lon')),
  }));
}

/* A track of `count` points, `stepMs` apart from `begin` on. */
function track(count, { stepMs = 1000, begin = '2026-05-01T09:00:00Z', offset = 0 } = {}) {
  const lines = Array.from({ length: count }, (_, i) => {
    const time = new Date(Date.parse(begin) + i * stepMs).toISOString();
    return `<trkpt lat="${(48 + offset + i * 1e-5).toFixed(7)}" lon="${(2 - i * 1e-5).toFixed(7)}"><time>${time}</time></trkpt>`;
  });
  return `<?xml version="1.0"?>\n<gpx version="1.1" creator="test" xmlns="http://www.topografix.com/GPX/1/1">
<trk><trkseg>\n${lines.join('\n')}\n</trkseg></trk></gpx>\n`;
}

/* Recorded runs, which are not part of the repository. */
function recordings() {
  const folder = process.env.SPECTATE_GPX_DIR ?? path.join(ROOT, '../shared/data/gpx');
  if (!fs.existsSync(folder)) return { folder, files: [] };
  const names = fs.readdirSync(folder).filter((name) => name.endsWith('.gpx'));
  return { folder, files: names.sort().map((name) => path.join(folder, name)) };
}

module.exports = { points, recordings, track };
