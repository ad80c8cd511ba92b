// npm openid-client signs a person in with the authorization code flow and PKCE, and then lives the whole life of the
// tokens: userinfo, silent sign-in, introspection, rotation, reuse of an old refresh token, revocation, sign-out.
//
// Input: issuer, client_id, redirect_uri, login, password; with client_secret or private_key_jwk for confidential
// applications; post_logout_redirect_uri to try sign-out; scope, id_token_signed_response_alg as wanted; grants: "shared"
// for a server that ends all families of one session and application together (ours ends only the one revoked).

import * as oidc from 'openid-client';
import { Agent } from './lib/agent.mjs';
import { begin, discover, looksLikeJwt, oauthError, verifyAccessToken } from './lib/relying_party.mjs';
import { authorize, signIn } from './lib/sign_in.mjs';
import { ensure, mustFail, note, script } from './lib/script.mjs';

await script(['issuer', 'client_id', 'redirect_uri', 'login', 'password'], async (input) => {
  const config = await discover(input);
  const agent = new Agent({ stopAt: [input.redirect_uri, input.post_logout_redirect_uri].filter(Boolean) });
  const app = { config, input, agent, confidential: Boolean(input.client_secret || input.private_key_jwk) };

  const first = await firstSignIn(app);
  await userinfo(app, first);
  await silentSignIn(app, first);
  await forcedSignIn(app);
  await refusedExchanges(app);
  const rotated = await rotation(app);
  await reuseEndsTheFamily(app);
  await revocation(app, rotated);
  await signOut(app, rotated);
  return { subject: first.claims.sub, id_token_alg: first.idTokenAlgorithm, access_token: looksLikeJwt(first.access_token) ? 'jwt' : 'opaque', signed_in_by: first.visited };
});

async function obtain(app, parameters = {}) {
  const { url, checks } = await begin(app.config, app.input, parameters);
  const { callback, visited } = await authorize(app.agent, url, app.input);
  const tokens = await oidc.authorizationCodeGrant(app.config, callback, checks);
  return { tokens, callback, checks, visited };
}

async function firstSignIn(app) {
  const { tokens, callback, checks, visited } = await obtain(app);
  ensure(visited.length > 0, 'a person without a session was signed in without being asked anything');
  ensure(tokens.access_token && tokens.id_token, 'the code brought no access token or no ID token', Object.keys(tokens));
  ensure(tokens.refresh_token, 'offline_access was asked for, but no refresh token came', tokens.scope);
  ensure(tokens.expires_in > 0, 'the access token has no life time', tokens.expires_in);
  if (app.config.serverMetadata().authorization_response_iss_parameter_supported) {
    ensure(callback.searchParams.get('iss') === app.input.issuer, 'the reply does not name its issuer', callback.search);
  }
  const claims = tokens.claims();
  ensure(claims.nonce === checks.expectedNonce, 'the ID token lacks the nonce', claims);
  if (looksLikeJwt(tokens.access_token)) await verifyAccessToken(app.config, tokens.access_token);
  const header = JSON.parse(Buffer.from(tokens.id_token.split('.')[0], 'base64url').toString());
  note(`signed in ${claims.sub} by ${visited.join(' > ')}`);
  return { ...tokens, claims, visited, idTokenAlgorithm: header.alg };
}

async function userinfo(app, tokens) {
  const info = await oidc.fetchUserInfo(app.config, tokens.access_token, tokens.claims.sub);
  ensure(info.sub === tokens.claims.sub, 'userinfo names another subject', info);
  if ((app.input.scope ?? 'email').includes('email')) ensure(info.email, 'userinfo lacks the mail address that its scope grants', info);
  const refused = await mustFail('a made-up access token', () => oidc.fetchUserInfo(app.config, `${tokens.access_token.slice(0, -4)}AAAA`, tokens.claims.sub));
  ensure(refused.status === 401 || refused.cause?.status === 401 || refused.response?.status === 401, 'a made-up access token was not answered with 401', refused.message);
}

async function silentSignIn(app, first) {
  const silent = await obtain(app, { prompt: 'none' });
  ensure(silent.visited.length === 0, 'prompt=none showed a page', silent.visited);
  ensure(silent.tokens.claims().sub === first.claims.sub, 'prompt=none signed another person in');
  const stranger = new Agent({ stopAt: app.agent.stopAt });
  const { url } = await begin(app.config, app.input, { prompt: 'none' });
  const page = await stranger.get(url);
  ensure(page.stopped && page.url.searchParams.get('error') === 'login_required', 'prompt=none without a session is not login_required', page.url.href);
}

async function forcedSignIn(app) {
  const forced = await obtain(app, { prompt: 'login' });
  ensure(forced.visited.length > 0, 'prompt=login asked nothing');
  const hinted = await obtain(app, { max_age: '3600', login_hint: app.input.login });
  ensure(hinted.tokens.claims().auth_time > 0, 'max_age was asked for, but the ID token lacks auth_time');
  ensure(hinted.visited.length === 0, 'max_age of an hour asked again although the session is young', hinted.visited);
}

async function refusedExchanges(app) {
  const { callback, checks } = await obtain(app);
  const replayed = await mustFail('a code redeemed twice', () => oidc.authorizationCodeGrant(app.config, callback, checks));
  ensure(oauthError(replayed) === 'invalid_grant', 'a code redeemed twice is not invalid_grant', oauthError(replayed));

  const request = await begin(app.config, app.input);
  const fresh = await authorize(app.agent, request.url, app.input);
  const wrong = { ...request.checks, pkceCodeVerifier: oidc.randomPKCECodeVerifier() };
  const guessed = await mustFail('a wrong PKCE verifier', () => oidc.authorizationCodeGrant(app.config, fresh.callback, wrong));
  ensure(oauthError(guessed) === 'invalid_grant', 'a wrong PKCE verifier is not invalid_grant', oauthError(guessed));
  if (app.confidential) return;
  const bare = new URL(request.url);
  bare.searchParams.delete('code_challenge');
  bare.searchParams.delete('code_challenge_method');
  const page = await app.agent.get(bare);
  ensure(page.stopped && page.url.searchParams.get('error') === 'invalid_request', 'a public application without PKCE is not invalid_request', page.url.href);
}

async function rotation(app) {
  const { tokens: first } = await obtain(app);
  const second = await oidc.refreshTokenGrant(app.config, first.refresh_token);
  ensure(second.refresh_token && second.refresh_token !== first.refresh_token, 'the refresh token was not rotated');
  ensure(second.access_token !== first.access_token, 'the access token was not renewed');
  if (second.id_token) ensure(second.claims().sub === first.claims().sub, 'the renewed ID token names another subject');
  if (app.confidential) {
    const seen = await oidc.tokenIntrospection(app.config, second.refresh_token);
    ensure(seen.active === true, 'introspection calls a living refresh token inactive', seen);
    const access = await oidc.tokenIntrospection(app.config, second.access_token);
    ensure(access.active === true && access.client_id === app.input.client_id, 'introspection does not know a living access token', access);
    const unknown = await oidc.tokenIntrospection(app.config, 'not-a-token-of-anybody');
    ensure(unknown.active === false, 'introspection calls a made-up token active', unknown);
  }
  return second;
}

// A lost reply may be asked for again; but once the successor was used, the old token can only be a copy.
async function reuseEndsTheFamily(app) {
  const { tokens } = await obtain(app);
  const second = await oidc.refreshTokenGrant(app.config, tokens.refresh_token);
  const third = await oidc.refreshTokenGrant(app.config, second.refresh_token);
  const reused = await mustFail('a refresh token whose successor was used', () => oidc.refreshTokenGrant(app.config, tokens.refresh_token));
  ensure(oauthError(reused) === 'invalid_grant', 'reuse of a refresh token is not invalid_grant', oauthError(reused));
  const orphan = await mustFail('the newest token of a family that ended by reuse', () => oidc.refreshTokenGrant(app.config, third.refresh_token));
  ensure(oauthError(orphan) === 'invalid_grant', 'a token of an ended family is not invalid_grant', oauthError(orphan));
}

async function revocation(app, tokens) {
  const { tokens: doomed } = await obtain(app);
  await oidc.tokenRevocation(app.config, doomed.refresh_token);
  await oidc.tokenRevocation(app.config, 'not-a-token-of-anybody');
  const refused = await mustFail('a revoked refresh token', () => oidc.refreshTokenGrant(app.config, doomed.refresh_token));
  ensure(oauthError(refused) === 'invalid_grant', 'a revoked refresh token is not invalid_grant', oauthError(refused));
  if (app.confidential) {
    const seen = await oidc.tokenIntrospection(app.config, doomed.refresh_token);
    ensure(seen.active === false, 'introspection calls a revoked refresh token active', seen);
  }
  if (app.input.grants !== 'shared') await oidc.refreshTokenGrant(app.config, tokens.refresh_token);
}

async function signOut(app, tokens) {
  if (!app.input.post_logout_redirect_uri) return;
  const { tokens: latest } = await obtain(app);
  const state = oidc.randomState();
  const url = oidc.buildEndSessionUrl(app.config, { id_token_hint: latest.id_token ?? tokens.id_token, post_logout_redirect_uri: app.input.post_logout_redirect_uri, state });
  const { page } = await signIn(app.agent, await app.agent.get(url), {});
  ensure(page.url.href.startsWith(app.input.post_logout_redirect_uri), 'sign-out ended elsewhere than at the application', page.url.href);
  ensure(page.url.searchParams.get('state') === state, 'sign-out lost the state', page.url.search);
  const { url: again } = await begin(app.config, app.input, { prompt: 'none' });
  const after = await app.agent.get(again);
  ensure(after.url.searchParams.get('error') === 'login_required', 'the session lives on after sign-out', after.url.href);
}
