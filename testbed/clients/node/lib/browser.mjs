// Debian's Chromium, driven over CDP: launched without anything that calls home, watched for console errors and CSP
// violations (none is tolerated), with a virtual authenticator in the place of a fingerprint reader.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { ensure, note } from './script.mjs';

const ARGS = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const STEP_DEADLINE_MS = 20_000;

export const WIDE = { width: 1280, height: 900 };
export const NARROW = { width: 390, height: 844 };

export class Browser {
  #browser;

  constructor(browser, screenshots) {
    this.#browser = browser;
    this.screenshots = screenshots;
    this.troubles = [];
  }

  static async launch({ executable = '/usr/bin/chromium', screenshots = 'target/screenshots' } = {}) {
    mkdirSync(screenshots, { recursive: true });
    const browser = await chromium.launch({ executablePath: executable, args: ARGS }).catch((error) => {
      throw new Error(`${executable} does not start; install it with "apt-get install chromium" (${error.message.split('\n')[0]})`);
    });
    return new Browser(browser, screenshots);
  }

  /** A new person at a new device: own cookies, own window. */
  async visitor(name, { scheme = 'light', viewport = WIDE, script = true } = {}) {
    const context = await this.#browser.newContext({ colorScheme: scheme, viewport, javaScriptEnabled: script, locale: 'en-GB', reducedMotion: 'reduce' });
    context.setDefaultTimeout(STEP_DEADLINE_MS);
    const page = await context.newPage();
    return new Visitor(this, name, context, page);
  }

  /** Fails when anything was written to a console or refused by a policy since the start. */
  ensureQuiet() {
    ensure(this.troubles.length === 0, `the browser complained ${this.troubles.length} times`, this.troubles.slice(0, 5).join(' | '));
  }

  async close() {
    await this.#browser.close();
  }
}

export class Visitor {
  #expectedStatuses = new Set();

  constructor(browser, name, context, page) {
    Object.assign(this, { browser, name, context, page });
    this.watch(page);
  }

  watch(page) {
    const trouble = (what) => this.browser.troubles.push(`${this.name} at ${page.url()}: ${what}`);
    page.on('pageerror', (error) => trouble(`script error: ${error.message}`));
    page.on('console', (message) => {
      if (message.type() !== 'error' && !/content security policy|refused to/i.test(message.text())) return;
      const status = /responded with a status of (\d+)/.exec(message.text())?.[1];
      if (status && this.#expectedStatuses.has(status)) return;
      trouble(`console ${message.type()}: ${message.text()}`);
    });
    page.on('requestfailed', (request) => {
      const failure = request.failure()?.errorText ?? '';
      // A navigation that replaces another one aborts it, and so does an answered server-sent-events page being left.
      if (!failure.includes('ERR_ABORTED')) trouble(`${request.url()} failed: ${failure}`);
    });
  }

  /** A page that must be answered with a refusal writes its status to the console; that alone is expected. */
  expectStatus(...statuses) {
    for (const status of statuses) this.#expectedStatuses.add(String(status));
  }

  path() {
    return new URL(this.page.url()).pathname;
  }

  async open(url, wanted = 200) {
    if (wanted !== 200) this.expectStatus(wanted);
    const reply = await this.page.goto(url);
    ensure(reply && reply.status() === wanted, `${this.name}: ${url} answered ${reply?.status()} instead of ${wanted}`, await this.words());
  }

  /** Fills the visible field of that name and submits its form with the button that a person would press. */
  async answer(name, value) {
    const field = this.page.locator(`[name="${name}"]:visible`).first();
    await this.orExplain(field.fill(value), `no field "${name}"`);
    await this.settle(() => field.press('Enter'));
  }

  async press(selector, what = selector) {
    const target = this.page.locator(selector).first();
    await this.orExplain(target.waitFor({ state: 'visible' }), `no ${what} to press`);
    await this.settle(() => target.click());
  }

  /** Does `act` and waits until the page that it leads to has loaded. */
  async settle(act) {
    const navigated = this.page.waitForEvent('framenavigated', { predicate: (frame) => frame === this.page.mainFrame() });
    await act();
    await this.orExplain(navigated, 'nothing happened after the last step');
    await this.page.waitForLoadState('load');
  }

  async waitForPath(predicate, what) {
    await this.orExplain(this.page.waitForURL((url) => predicate(url.pathname, url)), `did not arrive at ${what}`);
    await this.page.waitForLoadState('load');
  }

  async words() {
    const text = await this.page.locator('body').innerText().catch(() => '(no page)');
    return text.replace(/\s+/g, ' ').trim().slice(0, 500);
  }

  async orExplain(promise, sentence) {
    try {
      return await promise;
    } catch (error) {
      const words = await this.words();
      await this.picture(`failed-${this.name}`).catch(() => {});
      ensure(false, `${this.name}: ${sentence} at ${this.page.url()} (${error.message.split('\n')[0]})`, words);
    }
  }

  async picture(name) {
    const path = join(this.browser.screenshots, `${name}.png`);
    await this.page.screenshot({ path, fullPage: true });
    return path;
  }

  /** The same page in light and dark, wide and narrow; none may scroll sideways. */
  async portraits(name) {
    for (const [scheme, size, viewport] of [['light', 'wide', WIDE], ['dark', 'wide', WIDE], ['light', 'narrow', NARROW], ['dark', 'narrow', NARROW]]) {
      await this.page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
      await this.page.setViewportSize(viewport);
      const overflow = await this.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      await this.picture(`${name}-${scheme}-${size}`);
      ensure(overflow <= 1, `${name} scrolls sideways by ${overflow} px when ${size}`, this.page.url());
    }
    await this.page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
    await this.page.setViewportSize(WIDE);
  }

  async authenticator() {
    return Authenticator.plugIn(this);
  }

  async close() {
    await this.context.close();
  }
}

/** A passkey holder: CTAP2, built in, resident keys, the person always verified and present. */
export class Authenticator {
  constructor(cdp, id) {
    this.cdp = cdp;
    this.id = id;
  }

  static async plugIn(visitor, options = {}) {
    // A page that is not in front may not ask an authenticator, and another visitor's window may just have closed.
    await visitor.page.bringToFront();
    const cdp = await visitor.context.newCDPSession(visitor.page);
    await cdp.send('WebAuthn.enable', { enableUI: false });
    const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
        ...options,
      },
    });
    note(`${visitor.name}: authenticator plugged in`);
    return new Authenticator(cdp, authenticatorId);
  }

  async credentials() {
    const { credentials } = await this.cdp.send('WebAuthn.getCredentials', { authenticatorId: this.id });
    return credentials;
  }

  /** The finger is held back, or given: without presence a conditional request stays open. */
  async present(enabled) {
    await this.cdp.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId: this.id, enabled });
  }

  /** The device is lost, with everything on it. */
  async lose() {
    await this.cdp.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId: this.id });
  }
}
