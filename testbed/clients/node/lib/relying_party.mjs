// openid-client, set up as an application's author would: discovery first, then everything from its metadata.
// Plain HTTP is let through because the tests run on loopback; nothing else of the library's checks is relaxed.

import * as jose from 'jose';
import * as oidc from 'openid-client';
import { ensure } from './script.mjs';

/** Discovers the issuer. `input.private_key_jwk` chooses private_key_jwt, `input.client_secret` basic or post, none of them `none`. */
export async function discover(input, metadata = {}) {
  const issuer = new URL(input.issuer);
  const options = { execute: issuer.protocol === 'http:' ? [oidc.allowInsecureRequests] : [], algorithm: input.discovery ?? 'oidc' };
  if (input.id_token_signed_response_alg) metadata = { ...metadata, id_token_signed_response_alg: input.id_token_signed_response_alg };
  const config = await oidc.discovery(issuer, input.client_id, metadata, await authentication(input), options);
  ensure(config.serverMetadata().issuer === input.issuer, 'discovery names another issuer', config.serverMetadata().issuer);
  return config;
}

async function authentication(input) {
  if (input.private_key_jwk) {
    const { alg, kid } = input.private_key_jwk;
    const key = await jose.importJWK(input.private_key_jwk, alg);
    return oidc.PrivateKeyJwt({ key, kid });
  }
  if (!input.client_secret) return oidc.None();
  return input.token_endpoint_auth_method === 'client_secret_post' ? oidc.ClientSecretPost(input.client_secret) : oidc.ClientSecretBasic(input.client_secret);
}

/** The application's side of one authorization request: the URL and what it must remember until the reply. */
export async function begin(config, input, parameters = {}) {
  const verifier = oidc.randomPKCECodeVerifier();
  const checks = { pkceCodeVerifier: verifier, expectedState: oidc.randomState(), expectedNonce: oidc.randomNonce() };
  const url = oidc.buildAuthorizationUrl(config, {
    redirect_uri: input.redirect_uri,
    scope: input.scope ?? 'openid profile email offline_access',
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    ...parameters,
  });
  return { url, checks };
}

/** Verifies a JWT access token against the published keys, as a resource server would. */
export async function verifyAccessToken(config, token, expected = {}) {
  const metadata = config.serverMetadata();
  const keys = jose.createRemoteJWKSet(new URL(metadata.jwks_uri));
  const { payload, protectedHeader } = await jose.jwtVerify(token, keys, { issuer: metadata.issuer, ...expected });
  return { payload, header: protectedHeader };
}

export function looksLikeJwt(token) {
  return token.split('.').length === 3;
}

/** The OAuth error code of a refused call, whatever class of the library carries it. */
export function oauthError(error) {
  return error.error ?? error.cause?.error ?? error.cause?.parameters?.get?.('error') ?? error.code;
}
