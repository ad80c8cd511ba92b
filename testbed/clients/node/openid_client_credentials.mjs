// npm openid-client as a service: client credentials with client_secret_basic, client_secret_post and private_key_jwt
// (ES256, RS256), the access token verified as a resource server would, and what must be refused, refused.
//
// Input: issuer and `clients`: [{ client_id, client_secret | private_key_jwk, token_endpoint_auth_method }]; scope and
// resource where the server wants them; access_token ("jwt" by default, or "opaque").

import * as oidc from 'openid-client';
import { discover, looksLikeJwt, oauthError, verifyAccessToken } from './lib/relying_party.mjs';
import { ensure, mustFail, note, script } from './lib/script.mjs';

const UNKNOWN_SCOPE = 'scope-that-nobody-made';

await script(['issuer', 'clients'], async (input) => {
  const results = [];
  for (const client of input.clients) results.push(await serve({ ...input, ...client }));
  return { clients: results };
});

async function serve(input) {
  const method = input.private_key_jwk ? `private_key_jwt ${input.private_key_jwk.alg}` : (input.token_endpoint_auth_method ?? 'client_secret_basic');
  const config = await discover(input);
  const parameters = wanted(input);
  const tokens = await oidc.clientCredentialsGrant(config, parameters);
  ensure(tokens.token_type === 'bearer' && tokens.expires_in > 0, `${method}: the reply is not a bearer token with a life time`, tokens);
  ensure(!tokens.refresh_token && !tokens.id_token, `${method}: a service was given a refresh or ID token`, Object.keys(tokens));
  const alg = await inspect(config, input, tokens, method);
  await refusals(input, parameters, method);
  note(`${method}: access token ${alg}`);
  return { method, access_token: alg };
}

function wanted(input) {
  const parameters = {};
  if (input.scope) parameters.scope = input.scope;
  if (input.resource) parameters.resource = input.resource;
  return parameters;
}

async function inspect(config, input, tokens, method) {
  if (input.access_token === 'opaque') {
    ensure(!looksLikeJwt(tokens.access_token), `${method}: an opaque token was wanted`);
    return 'opaque';
  }
  const { payload, header } = await verifyAccessToken(config, tokens.access_token);
  const owner = payload.client_id ?? payload.cid;
  ensure(owner === input.client_id, `${method}: the access token names another client`, payload);
  ensure(payload.exp > payload.iat, `${method}: the access token's times are wrong`, payload);
  return header.alg;
}

async function refusals(input, parameters, method) {
  const forged = input.private_key_jwk
    ? { ...input, private_key_jwk: { ...(await otherKey(input.private_key_jwk)) } }
    : { ...input, client_secret: `${input.client_secret}x` };
  const wrong = await mustFail(`${method}: a wrong secret`, async () => oidc.clientCredentialsGrant(await discover(forged), parameters));
  ensure(oauthError(wrong) === 'invalid_client' || wrong.status === 401, `${method}: a wrong secret is not invalid_client`, oauthError(wrong));
  const greedy = await oidc.clientCredentialsGrant(await discover(input), { ...parameters, scope: UNKNOWN_SCOPE }).catch(oauthError);
  const granted = greedy === 'invalid_scope' ? '' : (greedy.scope ?? '');
  ensure(typeof granted === 'string' && !granted.split(' ').includes(UNKNOWN_SCOPE), `${method}: a scope that does not exist was granted`, greedy);
}

async function otherKey(jwk) {
  const jose = await import('jose');
  const { privateKey } = await jose.generateKeyPair(jwk.alg, { extractable: true });
  return { ...(await jose.exportJWK(privateKey)), alg: jwk.alg, kid: jwk.kid };
}
