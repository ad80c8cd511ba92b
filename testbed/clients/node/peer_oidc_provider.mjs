// The benchmark's peer: npm oidc-provider with a memory store, set up for the same flows as ours: ES256 keys,
// rotating refresh tokens, JWT access tokens for services, a password page with the same Argon2id parameters.
// The client scripts are tried against it too, so that a failing script can be told from a failing server.
//
// Input: port (0 for any), clients: [oidc-provider client metadata], people: [{ login, password }].
// Prints { "ready": true, "address": … } once it listens, and runs until it is killed.

import { Algorithm, hashSync, verify } from '@node-rs/argon2';
import * as jose from 'jose';
import { createServer } from 'node:http';
import { randomBytes, randomUUID } from 'node:crypto';
import { Provider } from 'oidc-provider';
import { PeerAdapter } from './lib/peer_adapter.mjs';

const ARGON2 = { algorithm: Algorithm.Argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 };
const FORM_BYTES_MAX = 16_384;
const API = 'https://api.example.com';

const input = JSON.parse(process.argv[2] ?? '{}');
const server = createServer();
server.listen(input.port ?? 0, '127.0.0.1', async () => {
  const address = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(address, await configuration());
  provider.use(interactions(provider));
  server.on('request', provider.callback());
  process.stdout.write(`${JSON.stringify({ ready: true, address })}\n`);
});

async function signingKeys() {
  const keys = [];
  for (const alg of ['ES256', 'RS256']) {
    const { privateKey } = await jose.generateKeyPair(alg, { extractable: true });
    keys.push({ ...(await jose.exportJWK(privateKey)), alg, use: 'sig', kid: randomUUID() });
  }
  return { keys };
}

async function configuration() {
  return {
    adapter: PeerAdapter,
    clients: input.clients ?? [],
    jwks: await signingKeys(),
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    scopes: ['openid', 'offline_access', 'profile', 'email', 'read'],
    claims: { openid: ['sub'], profile: ['name'], email: ['email', 'email_verified'] },
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    enabledJWA: { clientAuthSigningAlgValues: ['ES256', 'RS256'] },
    pkce: { required: () => true },
    rotateRefreshToken: true,
    issueRefreshToken: async (ctx, client) => client.grantTypeAllowed('refresh_token'),
    interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
    loadExistingGrant: grantEverything,
    findAccount: async (ctx, id) => ({ accountId: id, claims: async () => ({ sub: id, name: id, email: id, email_verified: true }) }),
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      deviceFlow: { enabled: true },
      introspection: { enabled: true, allowedPolicy: async () => true },
      revocation: { enabled: true, allowedPolicy: async () => true },
      rpInitiatedLogout: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: async (ctx) => (ctx.oidc.params?.grant_type === 'client_credentials' ? API : undefined),
        useGrantedResource: async () => true,
        getResourceServerInfo: async () => ({ scope: 'read', audience: API, accessTokenFormat: 'jwt', accessTokenTTL: 3600, jwt: { sign: { alg: 'ES256' } } }),
      },
    },
    ttl: { AccessToken: 3600, AuthorizationCode: 60, IdToken: 3600, RefreshToken: 86_400, Session: 86_400, Grant: 86_400, Interaction: 3600, DeviceCode: 600, ClientCredentials: 3600 },
  };
}

// Ours are first-party applications without a consent page, so the peer's grant is made without asking too.
async function grantEverything(ctx) {
  const { client, session, provider } = ctx.oidc;
  const known = session.grantIdFor(client.clientId);
  if (known) {
    const grant = await provider.Grant.find(known);
    if (grant) return grant;
  }
  const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope('openid offline_access profile email');
  await grant.save();
  return grant;
}

const hashes = new Map();
function hashOf(login) {
  const person = (input.people ?? []).find((one) => one.login === login);
  if (!person) return undefined;
  if (!hashes.has(person.password)) hashes.set(person.password, hashSync(person.password, ARGON2));
  return hashes.get(person.password);
}

/** One page, two posts: first the identifier, then the password, as ours asks them. */
function interactions(provider) {
  return async (ctx, next) => {
    if (ctx.path === '/favicon.ico') {
      ctx.status = 204;
      return undefined;
    }
    const match = /^\/interaction\/([\w-]+)(\/password)?$/.exec(ctx.path);
    if (!match) return next();
    const details = await provider.interactionDetails(ctx.req, ctx.res);
    ctx.type = 'html';
    if (ctx.method === 'GET') {
      ctx.body = page(`/interaction/${details.uid}`, '<input name="identifier" autocomplete="username">');
      return undefined;
    }
    const form = await readForm(ctx.req);
    const login = form.get('identifier') ?? '';
    if (!match[2]) {
      ctx.body = page(`/interaction/${details.uid}/password`, `<input type="hidden" name="identifier" value="${escapeHtml(login)}"><input type="password" name="password">`);
      return undefined;
    }
    const hash = hashOf(login);
    if (!hash || !(await verify(hash, form.get('password') ?? ''))) {
      ctx.status = 401;
      ctx.body = page('', '<p>Wrong name or password</p>');
      return undefined;
    }
    ctx.respond = false;
    await provider.interactionFinished(ctx.req, ctx.res, { login: { accountId: login } }, { mergeWithLastSubmission: false });
    return undefined;
  };
}

function page(action, fields) {
  return `<!doctype html><html lang="en"><title>Sign in</title><form method="post" action="${action}">${fields}<button type="submit">Next</button></form></html>`;
}

function escapeHtml(text) {
  return text.replace(/[&<>"']/g, (one) => `&#${one.codePointAt(0)};`);
}

async function readForm(request) {
  let text = '';
  for await (const chunk of request) {
    text += chunk;
    if (text.length > FORM_BYTES_MAX) throw new Error('form too large');
  }
  return new URLSearchParams(text);
}
