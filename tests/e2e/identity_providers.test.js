'use strict';
/*
 * What docs/tokens.md says of identity providers: each option there is one that the server takes, and with its keys at a place
 * of ours a token of that provider's shape is taken for what its claims grant, and those for others of its customers are not.
 */
const assert = require('node:assert');
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const test = require('node:test');
const jose = require('jose');
const { SPECTATE, run } = require('./lib/program.js');
const { startServer } = require('./lib/server.js');
const { temporaryFile } = require('./lib/temporary.js');
const { bearer } = require('./lib/tokens.js');
const { until } = require('./lib/wait.js');

const now = Math.floor(Date.now() / 1000);
const DOCUMENT = path.join(__dirname, '../../docs/tokens.md');
const GRANTS = { publish: ['7', '8'], follow: ['9'] };

/* [what its `iss=` begins with, the claims of its tokens beside times, issuer and audience; how its set of keys differs] */
const PROVIDERS = {
  Auth0: {
    iss: 'https://TENANT.eu.auth0.com/',
    audience: (aud) => [aud, 'https://TENANT.eu.auth0.com/userinfo'],
    header: { typ: 'JWT' },
    claims: { ...GRANTS, sub: 'auth0|5f7c8ec7c33c6c004bbafe82', azp: 'my_client_id', scope: 'openid profile email', permissions: [] },
    key: { x5t: 'NjVBRjY5MDlCMUIwNzU4RTA2QzZFMDQ4QzQ2MDAyQjVDNjk1RTM2Qg', x5c: ['MIID'], use: 'sig', alg: 'RS256' },
  },
  Keycloak: {
    iss: 'https://id.example/realms/race',
    audience: (aud) => [aud, 'account'],
    header: { typ: 'JWT' },
    claims: {
      ...GRANTS, jti: 'onrtac:77c9d9e6', sub: '5e0c1b53-7dd8-4ff2-8c5a-2f0cd4d5a9c1', typ: 'Bearer', azp: 'app', sid: 'b5b1', acr: '1',
      'allowed-origins': ['https://race.example'], realm_access: { roles: ['offline_access', 'uma_authorization'] },
      resource_access: { account: { roles: ['manage-account', 'view-profile'] } }, scope: 'profile email', email_verified: false,
    },
    key: { use: 'sig', alg: 'RS256', x5c: ['MIIC'], x5t: 'a', 'x5t#S256': 'b' },
    beside: (jwk) => [{ ...jwk, kid: 'enc', use: 'enc', alg: 'RSA-OAEP' }],
  },
  Firebase: {
    iss: 'https://securetoken.google.com/PROJECT',
    header: { typ: 'JWT' },
    claims: {
      ...GRANTS, sub: 'tRcfmLH7o2cr8FmCVhNGcjFBzA92', user_id: 'tRcfmLH7o2cr8FmCVhNGcjFBzA92', auth_time: now, email: 'a@example.org',
      email_verified: true, firebase: { identities: { email: ['a@example.org'] }, sign_in_provider: 'password' },
    },
    key: { use: 'sig', alg: 'RS256' },
  },
  'Sign in with Google': {
    iss: 'https://accounts.google.com',
    header: { typ: 'JWT' },
    claims: { sub: '110169484474386276334', azp: 'CLIENT_ID.apps.googleusercontent.com', email: 'a@example.org', email_verified: true, at_hash: 'HK6E_P6Dh8Y93mRNtsDB1Q' },
    key: { use: 'sig', alg: 'RS256' },
    own: '110169484474386276334',
  },
  'Microsoft Entra ID': {
    iss: 'https://login.microsoftonline.com/TENANT/v2.0',
    header: { typ: 'JWT', x5t: 'nOo3ZDrODXEK1jKWhXslHR_KXEg' },
    claims: {
      ...GRANTS, nbf: now, aio: 'AXQAi/8', azp: 'a', azpacr: '0', oid: '00000000-0000-0000-66f3-3332eca7ea81', rh: '0.', scp: 'access_as_user',
      sub: 'AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ', tid: '9122040d-6c67-4c5b-b112-36a304b66dad', uti: 'fqiBqXLPj0eQa82S-IYFAA', ver: '2.0',
    },
    key: { use: 'sig', x5t: 'a', x5c: ['MIID'], issuer: 'https://login.microsoftonline.com/TENANT/v2.0', cloud_instance_name: 'microsoftonline.com' },
  },
  'AWS Cognito': {
    iss: 'https://cognito-idp.REGION.amazonaws.com/POOL',
    header: {},
    claims: {
      ...GRANTS, sub: 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee', 'cognito:groups': ['runners'], 'cognito:username': 'ann', event_id: '64f513be',
      jti: 'aaaaaaaa-bbbb', origin_jti: 'aaaaaaaa-cccc', token_use: 'id', auth_time: now, email_verified: true,
    },
    key: { use: 'sig', alg: 'RS256' },
    beside: (jwk) => [{ ...jwk, kid: 'of access tokens', n: jwk.n }],
  },
  Okta: {
    iss: 'https://ORG.okta.com/oauth2/default',
    header: {},
    claims: { ...GRANTS, ver: 1, jti: 'AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE', cid: '0oabucvyc38HLL1ef0h7', uid: '00uabc', scp: ['openid'], auth_time: now, sub: 'ann@example.org' },
    key: { use: 'sig', alg: 'RS256' },
  },
};

const documented = [...fs.readFileSync(DOCUMENT, 'utf8').matchAll(/^(issuer = "(iss=\S+) .*")$/gm)].map(([, line, iss]) => ({ line, iss }));

/* The keys of a provider, at a place of ours; and tokens by them. */
async function startProvider(t, { key, header, claims, beside = () => [] }) {
  const { publicKey, privateKey } = await jose.generateKeyPair('RS256', { extractable: true });
  const jwk = { ...(await jose.exportJWK(publicKey)), kid: 'theirs', ...key };
  const server = http.createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'public, max-age=20832, must-revalidate' });
    response.end(JSON.stringify({ keys: [...beside(jwk), jwk] }));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return {
    url: `http://127.0.0.1:${server.address().port}/keys`,
    token: (more) =>
      new jose.SignJWT({ iat: now, exp: now + 3600, ...claims, ...more })
        .setProtectedHeader({ alg: 'RS256', kid: 'theirs', ...header })
        .sign(privateKey),
  };
}

test('each option that is documented is one that the server takes', async (t) => {
  assert.deepStrictEqual(documented.map(({ iss }) => iss.slice(4)), Object.values(PROVIDERS).map(({ iss }) => iss));
  const file = temporaryFile(t, 'spectate.conf', `auth = jwt\n${documented.map(({ line }) => line).join('\n')}\n`);
  const checked = await run(SPECTATE, ['serve', '--check-config', '--config', file]);
  assert.strictEqual(checked.code, 0, checked.stderr);
});

for (const [index, [name, provider]] of Object.entries(PROVIDERS).entries()) {
  test(`a token of ${name} grants what it says, and one for another application is refused`, async (t) => {
    const theirs = await startProvider(t, provider);
    const line = documented[index].line.replace(/keys=[^\s"]+/, `keys=${theirs.url}`);
    const aud = line.match(/ aud=(\S+)/)[1];
    const file = temporaryFile(t, 'spectate.conf', `auth = jwt\n${line}\n`);
    const server = await startServer(t, ['--config', file]);
    const audience = provider.audience ?? ((it) => it);
    const good = await theirs.token({ iss: provider.iss, aud: audience(aud) });
    const client = await until(() => server.client(bearer(good)).catch(() => undefined), 'its keys');
    const [own, denied] = provider.own ? [[provider.own], [7, 9]] : [['7', '8'], [10]];
    for (const id of own) {
      client.publish(id, 1, 2);
      await client.ping();
    }
    client.follow([...denied, ...(provider.own ? [provider.own] : ['9'])]);
    assert.deepStrictEqual((await client.next()).error.ids, denied);
    for (const id of denied) {
      client.publish(id, 1, 2);
      assert.strictEqual((await client.next()).error.code, 'not_allowed');
    }
    const elsewhere = [{ iss: provider.iss, aud: audience('another') }, { iss: provider.iss }, { iss: `${provider.iss}x`, aud: audience(aud) }];
    for (const more of elsewhere) await assert.rejects(server.client(bearer(await theirs.token(more))), /401/);
    await client.expectNothingMore();
  });
}
