// Pages of two other sites call the management API in Chromium: one whose origin an administrator trusts, and one that is a
// stranger. The browser itself decides what each of them reads.
//
// Input: origin (of the organisation), token (of an administrator); chromium, screenshots.

import { createServer } from 'node:http';
import { Browser } from './lib/browser.mjs';
import { ensure, note, script } from './lib/script.mjs';

await script(['origin', 'token'], async (input) => {
  const [shop, stranger] = [await site(), await site()];
  const browser = await Browser.launch({ executable: input.chromium, screenshots: input.screenshots });
  try {
    const ada = await browser.visitor('ada');
    const ask = async (at, method, path) => {
      await ada.page.goto(at.origin);
      return ada.page.evaluate(call, { url: input.origin + path, method, token: input.token });
    };
    const me = '/api/v1/users/me';
    ensure((await ask(shop, 'GET', me)).refused, 'a page reads before it is trusted');
    const id = await trust(input, shop.origin);
    const read = await ask(shop, 'GET', me);
    ensure(read.status === 200 && read.login, 'a trusted page does not read', read);
    ensure(read.requestId && read.left, 'a trusted page does not read the headers', read);
    const missing = await ask(shop, 'DELETE', '/api/v1/trustedOrigins/nothing');
    ensure(missing.status === 404, 'a trusted page does not read a refusal', missing);
    ensure((await ask(stranger, 'GET', me)).refused, 'a stranger reads');
    ensure((await ask(stranger, 'DELETE', `/api/v1/trustedOrigins/${id}`)).refused, 'a stranger sends what changes something');
    ensure((await ask(shop, 'POST', `/api/v1/trustedOrigins/${id}/lifecycle/deactivate`)).status === 200, 'the origin is gone, or a stranger was heard');
    ensure((await ask(shop, 'GET', me)).refused, 'a page reads after its trust was taken');
    note(`${input.origin}: a trusted page reads, a stranger does not`);
    return {};
  } finally {
    await browser.close();
    shop.server.close();
    stranger.server.close();
  }
});

// An empty page at an origin of its own.
async function site() {
  const server = createServer((_, response) => response.setHeader('Content-Type', 'text/html').end('<title>a site</title>'));
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  return { server, origin: `http://127.0.0.1:${server.address().port}` };
}

async function trust(input, origin) {
  const body = JSON.stringify({ name: 'A site', origin, scopes: [{ type: 'CORS' }] });
  const headers = { Authorization: `SSWS ${input.token}`, 'Content-Type': 'application/json' };
  const answer = await fetch(`${input.origin}/api/v1/trustedOrigins`, { method: 'POST', headers, body });
  const made = await answer.json();
  ensure(answer.status === 200, 'the origin is not trusted', made);
  return made.id;
}

// Runs in the page.
async function call({ url, method, token }) {
  try {
    const answer = await fetch(url, { method, headers: { Authorization: `SSWS ${token}` } });
    const body = await answer.json();
    const header = (name) => answer.headers.get(name);
    return { status: answer.status, login: body.profile?.login, requestId: header('x-okta-request-id'), left: header('x-rate-limit-remaining') };
  } catch {
    return { refused: true };
  }
}
