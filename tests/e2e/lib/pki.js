'use strict';
/*
 * pki: certificates of the test's own, made by the openssl command in a folder that goes with the test.
 *
 *   const pki = new Pki(t);
 *   const certificate = pki.issue('server', { names: 'DNS:localhost,IP:127.0.0.1' });  // { cert, key }: files
 */
const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const P256 = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

function openssl(...args) {
  return execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'] }).toString();
}

class Pki {
  constructor(t, name = 'ca') {
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'spectate-pki-'));
    t.after(() => fs.rmSync(this.folder, { recursive: true }));
    this.name = name;
    this.cert = this.file(`${name}.pem`);
    this.key = this.file(`${name}.key`);
    openssl('req', '-x509', ...P256, '-days', '30', '-subj', `/CN=${name}`, '-keyout', this.key, '-out', this.cert);
    this.certificate = fs.readFileSync(this.cert);
  }

  file(name) {
    return path.join(this.folder, name);
  }

  /* NAME.pem and NAME.key, also a second time. */
  issue(name, { subject = name, names = '' } = {}) {
    const cert = this.file(`${name}.pem`);
    const key = this.file(`${name}.key`);
    const request = this.file(`${name}.csr`);
    const extensions = this.file(`${name}.ext`);
    fs.writeFileSync(extensions, names === '' ? 'basicConstraints=CA:FALSE\n' : `subjectAltName=${names}\n`);
    openssl('req', '-new', ...P256, '-subj', `/CN=${subject}`, '-keyout', key, '-out', request);
    openssl(
      ...['x509', '-req', '-in', request, '-CA', this.cert, '-CAkey', this.key, '-CAcreateserial', '-days', '30'],
      ...['-extfile', extensions, '-out', cert],
    );
    assert.ok(fs.existsSync(cert));
    return { cert, key };
  }

  /* The same for a client, which runs out in so many seconds: openssl x509 knows days only. */
  issueMortal(name, seconds) {
    const { key } = this.issue(name);
    const cert = this.file(`${name}.mortal.pem`);
    const config = this.file('ca.conf');
    const end = new Date(Date.now() + seconds * 1000).toISOString().replace(/[-:T]|\.\d+/g, '');
    fs.writeFileSync(this.file('index.txt'), '');
    fs.writeFileSync(
      config,
      `[ca]\ndefault_ca=it\n[it]\ndatabase=${this.file('index.txt')}\nnew_certs_dir=${this.folder}\n` +
        'default_md=sha256\nrand_serial=yes\npolicy=any\n[any]\ncommonName=supplied\n',
    );
    openssl(
      ...['ca', '-batch', '-notext', '-config', config, '-cert', this.cert, '-keyfile', this.key, '-enddate', end],
      ...['-in', this.file(`${name}.csr`), '-out', cert],
    );
    return { cert, key };
  }

  /* One for a server on this machine. */
  issueServer(name = 'server', subject = name) {
    return this.issue(name, { subject, names: 'DNS:localhost,IP:127.0.0.1' });
  }
}

module.exports = { Pki };
