// npm @okta/jwt-verifier holds access and ID tokens against the keys that are published, as the services do that already
// use it; what must be refused, it refuses.
//
// Input: issuer, audience; service: { client_id, client_secret, scope }; web: { client_id, client_secret, redirect_uri };
// login, password.

import OktaJwtVerifier from '@okta/jwt-verifier';
import * as oidc from 'openid-client';
import { Agent } from './lib/agent.mjs';
import { begin, discover } from './lib/relying_party.mjs';
import { ensure, mustFail, note, script } from './lib/script.mjs';
import { authorize } from './lib/sign_in.mjs';

// The one check that a server on this machine cannot pass.
const testing = { disableHttpsCheck: true };

await script(['issuer', 'audience', 'service', 'web', 'login', 'password'], async (input) => {
  await accessTokens(input);
  await idTokens(input);
  return {};
});

async function accessTokens({ issuer, audience, service }) {
  const config = await discover({ issuer, ...service });
  const { access_token: token } = await oidc.clientCredentialsGrant(config, { scope: service.scope });
  const verifier = new OktaJwtVerifier({ issuer, clientId: service.client_id, assertClaims: { 'scp.includes': [service.scope] }, testing });
  const { claims, header } = await verifier.verifyAccessToken(token, audience);
  ensure(header.alg === 'RS256' && claims.cid === service.client_id && claims.ver === 1, 'the claims are not those of an access token', claims);
  await mustFail('a token for another audience', () => verifier.verifyAccessToken(token, `${audience}/other`));
  await mustFail('a forged token', () => verifier.verifyAccessToken(forge(token), audience));
  const strict = new OktaJwtVerifier({ issuer, assertClaims: { 'scp.includes': ['write'] }, testing });
  await mustFail('a token without the scope', () => strict.verifyAccessToken(token, audience));
  const elsewhere = new OktaJwtVerifier({ issuer: `${issuer}x`, jwksUri: `${issuer}/v1/keys`, testing });
  await mustFail('a token of another issuer', () => elsewhere.verifyAccessToken(token, audience));
  note('access tokens verified');
}

async function idTokens({ issuer, web, login, password }) {
  const config = await discover({ issuer, ...web });
  const { url, checks } = await begin(config, web, { scope: 'openid profile' });
  const { callback } = await authorize(new Agent({ stopAt: [web.redirect_uri] }), url, { login, password });
  const { id_token: token } = await oidc.authorizationCodeGrant(config, callback, checks);
  const verifier = new OktaJwtVerifier({ issuer, clientId: web.client_id, testing });
  const { claims } = await verifier.verifyIdToken(token, web.client_id, checks.expectedNonce);
  ensure(claims.preferred_username === login, 'the ID token names another person', claims);
  await mustFail('an ID token of another sign-in', () => verifier.verifyIdToken(token, web.client_id, 'another nonce'));
  await mustFail('an ID token of another application', () => verifier.verifyIdToken(token, `${web.client_id}x`, checks.expectedNonce));
  await mustFail('a forged ID token', () => verifier.verifyIdToken(forge(token), web.client_id, checks.expectedNonce));
  note('ID tokens verified');
}

/** The same token with one letter of its claims changed. */
function forge(token) {
  const [head, claims, signature] = token.split('.');
  const text = Buffer.from(claims, 'base64url').toString().replace('"exp":1', '"exp":2');
  ensure(text.includes('"exp":2'), 'the token could not be changed', text);
  return [head, Buffer.from(text).toString('base64url'), signature].join('.');
}
