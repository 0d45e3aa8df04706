'use strict';
/*
 * qr: reads a QR code that was drawn in half blocks, with a decoder that we did not write.
 */
const jsqr = require('jsqr');

const PIXELS = 4; // a module's width
const LIGHT = { ' ': [0, 0], '\u2580': [1, 0], '\u2584': [0, 1], '\u2588': [1, 1] }; // upper, lower

/* The lines of `text` that are blocks, as rows of modules: 1 is light. */
function modulesOf(text) {
  const plain = text.replace(/\u001b\[[0-9;]*m/g, '').replaceAll('\r', '');
  const lines = plain.split('\n').filter((line) => /^[ \u2580\u2584\u2588]+$/.test(line));
  return lines.flatMap((line) => [0, 1].map((half) => [...line].map((block) => LIGHT[block][half])));
}

/* What the code says; undefined when there is none. */
function readQr(text) {
  const rows = modulesOf(text);
  if (rows.length === 0) return undefined;
  const width = rows[0].length * PIXELS;
  const height = rows.length * PIXELS;
  const image = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const level = 255 * rows[Math.floor(y / PIXELS)][Math.floor(x / PIXELS)];
      image.fill(level, 4 * (y * width + x), 4 * (y * width + x) + 3);
    }
  }
  return jsqr(image, width, height)?.data;
}

module.exports = { readQr };
