// A person's browser without a screen or script: fetch, a cookie jar and forms. It follows redirects itself, so that a
// test can stop at the application's own address, where nothing listens.

import { ensure } from './script.mjs';
import { parseForms, parseRefresh, readableText } from './html.mjs';

const REDIRECTS_MAX = 12;

export class Agent {
  #cookies = new Map();

  constructor({ stopAt = [], headers = {} } = {}) {
    this.stopAt = stopAt;
    this.headers = headers;
  }

  cookieNames() {
    return [...this.#cookies.values()].map((cookie) => cookie.name);
  }

  cookie(name) {
    return [...this.#cookies.values()].find((cookie) => cookie.name === name)?.value;
  }

  async get(url) {
    return this.#walk('GET', new URL(url));
  }

  async post(url, fields, headers = {}) {
    return this.#walk('POST', new URL(url), new URLSearchParams(fields), headers);
  }

  /** Submits a form of `page` as a person would: its own hidden fields, what was filled in, and the button pressed. */
  async submit(page, form, filled = {}, button = form.buttons[0]) {
    const fields = new URLSearchParams([...form.fields]);
    for (const [name, value] of Object.entries(filled)) fields.set(name, value);
    if (button?.name) fields.set(button.name, button.value);
    const target = new URL(button?.action || form.action || page.url, page.url);
    if (form.method === 'get') {
      target.search = fields.toString();
      return this.#walk('GET', target);
    }
    return this.#walk('POST', target, fields, { origin: page.url.origin, referer: page.url.href });
  }

  async #walk(method, url, body, headers = {}) {
    for (let hop = 0; hop <= REDIRECTS_MAX; hop += 1) {
      if (this.stopAt.some((prefix) => url.href.startsWith(prefix))) {
        return { url, status: 0, stopped: true, html: '', forms: [], text: `(stopped at ${url.origin}${url.pathname})` };
      }
      const reply = await this.#exchange(method, url, body, headers);
      const location = reply.headers.get('location');
      if (reply.status >= 300 && reply.status < 400 && location) {
        await reply.arrayBuffer();
        if (reply.status !== 307 && reply.status !== 308) [method, body, headers] = ['GET', undefined, {}];
        url = new URL(location, url);
        continue;
      }
      const html = await reply.text();
      const isPage = (reply.headers.get('content-type') ?? '').includes('html');
      const onward = isPage ? parseRefresh(html) : undefined;
      if (onward) {
        [method, body, headers] = ['GET', undefined, {}];
        url = new URL(onward, url);
        continue;
      }
      const forms = isPage ? parseForms(html).filter((form) => !form.hidden) : [];
      return { url, status: reply.status, stopped: false, headers: reply.headers, html, forms, text: isPage ? readableText(html) : html.slice(0, 500) };
    }
    ensure(false, `more than ${REDIRECTS_MAX} redirects, the last to ${url.href}`);
  }

  async #exchange(method, url, body, headers) {
    const cookies = [...this.#cookies.values()]
      .filter((cookie) => cookie.host === url.host && url.pathname.startsWith(cookie.path))
      .map((cookie) => `${cookie.name}=${cookie.value}`)
      .join('; ');
    const reply = await fetch(url, {
      method,
      body,
      redirect: 'manual',
      headers: { accept: 'text/html,application/xhtml+xml', ...this.headers, ...headers, ...(cookies ? { cookie: cookies } : {}) },
    });
    for (const line of reply.headers.getSetCookie()) this.#remember(url, line);
    return reply;
  }

  #remember(url, line) {
    const [pair, ...rest] = line.split(';').map((part) => part.trim());
    const at = pair.indexOf('=');
    const name = pair.slice(0, at);
    const attributes = Object.fromEntries(rest.map((part) => part.split('=')).map(([key, value = '']) => [key.toLowerCase(), value]));
    if (name.startsWith('__Host-')) {
      ensure('secure' in attributes && attributes.path === '/' && !('domain' in attributes), `the cookie ${name} breaks the rules of its prefix`, line);
    }
    const path = attributes.path || '/';
    const key = `${url.host} ${path} ${name}`;
    const gone = attributes['max-age'] === '0' || (attributes.expires && Date.parse(attributes.expires) <= Date.now());
    if (gone) this.#cookies.delete(key);
    else this.#cookies.set(key, { host: url.host, path, name, value: pair.slice(at + 1) });
  }
}
