// npm @okta/oidc-middleware in an application of Express: its guarded page sends a person to sign in and shows who it is; the
// person signs out of both.
//
// Input: issuer, client_id, client_secret, port (of the application), login, password.

import { createServer } from 'node:http';
import middleware from '@okta/oidc-middleware';
import express from 'express';
import session from 'express-session';
import { Agent } from './lib/agent.mjs';
import { ensure, note, script } from './lib/script.mjs';
import { signIn } from './lib/sign_in.mjs';

await script(['issuer', 'client_id', 'client_secret', 'port', 'login', 'password'], async (input) => {
  const base = `http://127.0.0.1:${input.port}`;
  const { server, oidc } = await serve(input, base);
  try {
    const agent = new Agent();
    const isHome = (page) => page.url.href === `${base}/private`;
    const { page } = await signIn(agent, await agent.get(`${base}/private`), input, isHome);
    ensure(page.status === 200, 'the application does not let the person in', `${page.status} ${page.text}`);
    const told = JSON.parse(page.html);
    ensure(told.preferred_username === input.login, 'the application was told of somebody else', told);
    const again = await agent.get(`${base}/private`);
    ensure(isHome(again) && again.status === 200, 'the application forgot the person', again.text);
    await signOut(agent, base);
    const after = await agent.get(`${base}/private`);
    ensure(!isHome(after) && after.url.origin === new URL(input.issuer).origin, 'whoever signed out is still let in', after.url.href);
    note('signed in to the application and out again');
    return {};
  } finally {
    oidc.removeAllListeners();
    await new Promise((closed) => server.close(closed));
  }
});

async function serve(input, base) {
  const { ExpressOIDC } = middleware;
  const oidc = new ExpressOIDC({
    issuer: input.issuer,
    client_id: input.client_id,
    client_secret: input.client_secret,
    appBaseUrl: base,
    scope: 'openid profile',
    testing: { disableHttpsCheck: true },
  });
  const failed = new Promise((_, reject) => oidc.on('error', reject));
  const ready = new Promise((resolve) => oidc.on('ready', resolve));
  const app = express();
  app.use(session({ secret: 'of this test alone', resave: false, saveUninitialized: true }));
  app.use(oidc.router);
  app.get('/private', oidc.ensureAuthenticated(), (request, response) => response.json(request.userContext.userinfo));
  app.post('/leave', oidc.forceLogoutAndRevoke());
  app.get('/', (_, response) => response.send('<!doctype html><title>The application</title>Nobody is here.'));
  await Promise.race([ready, failed]);
  const server = createServer(app);
  await new Promise((listening) => server.listen(input.port, '127.0.0.1', listening));
  return { server, oidc };
}

async function signOut(agent, base) {
  const page = await agent.post(`${base}/leave`, {});
  ensure(page.status === 200 && page.url.href === `${base}/`, 'the person does not come back signed out', `${page.status} ${page.url.href} ${page.text}`);
}
