'use strict';
/*
 * frame: WebSocket frames byte by byte, right ones and wrong ones (RFC 6455 section 5.2).
 */
const TEXT = 1;
const BINARY = 2;
const CONTINUATION = 0;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

const MASK = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);

/* How the length is written: by the shortest form, or by the one asked for (7, 16 or 64 bits). */
function lengthBytes(length, bits) {
  const form = bits ?? (length < 126 ? 7 : length < 65536 ? 16 : 64);
  if (form === 7) return Buffer.from([length]);
  const bytes = Buffer.alloc(form === 16 ? 3 : 9);
  bytes[0] = form === 16 ? 126 : 127;
  if (form === 16) bytes.writeUInt16BE(length, 1);
  else bytes.writeBigUInt64BE(BigInt(length), 1);
  return bytes;
}

/* A client's frame. Options: fin, reserved (0-7), masked, lengthBits, length (a lie about the payload's). */
function frame(opcode, payload = '', options = {}) {
  const bytes = Buffer.from(payload);
  const { fin = true, reserved = 0, masked = true, lengthBits, length = bytes.length } = options;
  const header = lengthBytes(length, lengthBits);
  if (!masked) return Buffer.concat([Buffer.from([(fin ? 0x80 : 0) | (reserved << 4) | opcode]), header, bytes]);
  header[0] |= 0x80;
  const hidden = bytes.map((byte, i) => byte ^ MASK[i % 4]);
  return Buffer.concat([Buffer.from([(fin ? 0x80 : 0) | (reserved << 4) | opcode]), header, MASK, hidden]);
}

function text(message, options) {
  return frame(
    TEXT,
    typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message),
    options,
  );
}

function closeFrame(code, reason = '') {
  if (code === undefined) return frame(CLOSE);
  const payload = Buffer.alloc(2);
  payload.writeUInt16BE(code);
  return frame(CLOSE, Buffer.concat([payload, Buffer.from(reason)]));
}

/* The first frame of a server in `bytes`: { fin, reserved, opcode, masked, payload, size }; undefined when incomplete. */
function parse(bytes) {
  if (bytes.length < 2) return undefined;
  const short = bytes[1] & 0x7f;
  const headerBytes = short === 127 ? 10 : short === 126 ? 4 : 2;
  if (bytes.length < headerBytes) return undefined;
  let length = short;
  if (short === 126) length = bytes.readUInt16BE(2);
  if (short === 127) length = Number(bytes.readBigUInt64BE(2));
  if (bytes.length < headerBytes + length) return undefined;
  return {
    fin: (bytes[0] & 0x80) !== 0,
    reserved: (bytes[0] >> 4) & 7,
    opcode: bytes[0] & 0xf,
    masked: (bytes[1] & 0x80) !== 0,
    payload: bytes.subarray(headerBytes, headerBytes + length),
    size: headerBytes + length,
  };
}

module.exports = { BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, closeFrame, frame, parse, text };
