'use strict';
/*
 * tokens: an issuer of the test's own, whose keys and tokens are made by jose, a library that we did not write.
 */
const fs = require('node:fs');
const path = require('node:path');
const jose = require('jose');
const { temporaryFile } = require('./temporary.js');

const ISSUER = 'https://issuer.test';
const AUDIENCE = 'race';
const OPERATORS_TOKEN = 'operators-token-of-more-than-32-bytes';

class Issuer {
  constructor(t) {
    this.t = t;
    this.keys = new Map(); // by kid: { alg, sign }
    this.jwks = { keys: [] };
  }

  /* A key of its own for an algorithm; its kid is the algorithm's name unless another is given. */
  async addKey(alg, kid = alg) {
    if (alg.startsWith('HS')) {
      const secret = jose.base64url.encode(Buffer.alloc(64, kid));
      this.keys.set(kid, { alg, sign: Buffer.alloc(64, kid) });
      this.jwks.keys.push({ kty: 'oct', k: secret, kid, alg });
    } else {
      const { publicKey, privateKey } = await jose.generateKeyPair(alg, { extractable: true });
      this.keys.set(kid, { alg, sign: privateKey, public: publicKey });
      this.jwks.keys.push({ ...(await jose.exportJWK(publicKey)), kid, alg });
    }
    return this;
  }

  /* The file with the keys that a server verifies with. */
  file() {
    this.path ??= temporaryFile(this.t, 'jwks.json', '');
    fs.writeFileSync(this.path, JSON.stringify(this.jwks));
    return this.path;
  }

  spec() {
    return `iss=${ISSUER} aud=${AUDIENCE} keys=${this.file()}`;
  }

  /* A good token with these claims; `how` replaces parts of it. */
  token(claims, how = {}) {
    const kid = how.kid ?? this.keys.keys().next().value;
    const key = how.key ?? this.keys.get(kid);
    const now = Math.floor(Date.now() / 1000);
    const all = { iss: ISSUER, aud: AUDIENCE, iat: now, exp: now + 3600, ...claims };
    for (const name of Object.keys(all)) if (all[name] === undefined) delete all[name];
    return new jose.SignJWT(all).setProtectedHeader({ alg: key.alg, kid, ...how.header }).sign(key.sign);
  }
}

/* An issuer with one key. */
async function issuerOf(t, alg = 'ES256') {
  return new Issuer(t).addKey(alg);
}

/* What a server needs to take this issuer's tokens, and to serve operators. */
function authArgs(t, issuer, more = []) {
  return ['--auth', 'jwt', '--issuer', issuer.spec(), ...operatorsArgs(t), ...more];
}

/* A port for operators, with their token. */
function operatorsArgs(t) {
  return ['--admin', '127.0.0.1:0', '--admin-token-file', temporaryFile(t, 'operators', `${OPERATORS_TOKEN}\n`)];
}

const bearer = (token) => ({ headers: { authorization: `Bearer ${token}` } });

/* A file's path in a new folder; there is no such file yet. */
function newPath(t, name) {
  const beside = temporaryFile(t, 'folder', '');
  return path.join(path.dirname(beside), name);
}

module.exports = { AUDIENCE, ISSUER, Issuer, OPERATORS_TOKEN, authArgs, bearer, issuerOf, newPath, operatorsArgs };
