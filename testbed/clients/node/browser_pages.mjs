// Walks every page that an administrator can reach by links, in Chromium: each answered with 200, quiet in the console,
// sound in shape, accessible in light and dark, never wider than the window, and photographed in all four forms. On the
// way a person, a group and an application are made, a policy is simulated and the live log is watched.
//
// Input: origin, setup_link, login, password, data; chromium, screenshots.

import { ensureShape, violations } from './lib/audit.mjs';
import { Browser } from './lib/browser.mjs';
import { passGate } from './lib/gate.mjs';
import { ensure, note, script } from './lib/script.mjs';

const DEADLINE_SECS = 840;
const PAGES_MAX = 180;
const isStream = (path) => path.endsWith('/log/tail');
const isWalkable = (href) => /^\/(apps|account|admin|style|openapi)(\/|\?|$)/.test(href) && !isStream(href) && !/[?&](format|download)=/.test(href) && !/\/test(\?|$)/.test(href) && !/\/open(\?|$)/.test(href);

await script(['origin', 'setup_link', 'login', 'password', 'data'], async (input) => {
  const browser = await Browser.launch({ executable: input.chromium, screenshots: input.screenshots });
  try {
    const ada = await browser.visitor('ada');
    await ada.authenticator();
    await enter(ada, input);
    await makeThings(ada, input);
    await watchLog(browser, ada, input);
    await simulate(ada, input);
    const pages = await walk(ada, input);
    await withoutScript(browser, input);
    await byKeyboard(browser, input);
    browser.ensureQuiet();
    return { pages: pages.length, walked: pages };
  } finally {
    await browser.close();
  }
}, DEADLINE_SECS);

async function enter(ada, input) {
  const setup = { org_name: 'Analytical Engines', given_name: 'Ada', family_name: 'Lovelace', email: input.login, password: input.password, password_again: input.password };
  await ada.open(input.setup_link);
  await passGate(ada, { login: input.login, password: input.password, passkey: true, enroll: 'passkey', setup }, (url) => /^\/(admin|apps|account)(\/|$)/.test(url.pathname));
  await ada.open(`${input.origin}/admin`);
}

async function makeThings(ada, input) {
  await ada.open(`${input.origin}/admin/groups/new`);
  await ada.page.locator('[name="name"]').fill('Engine room');
  await ada.press('main form[action$="/admin/groups/new"] button[type=submit]');
  ensure(/\/admin\/groups\//.test(ada.page.url()), 'making a group did not lead to it', await ada.words());

  await ada.open(`${input.origin}/admin/people/new`);
  await fillEmpty(ada, { login: 'grace@example.com', email: 'grace@example.com' });
  await ada.press('main form[action$="/admin/people/new"] button[type=submit]');
  ensure(/\/admin\/people\/00u/.test(ada.page.url()), 'making a person did not lead to the person', await ada.words());

  await ada.open(`${input.origin}/admin/apps/new`);
  await ada.portraits('admin-apps-new-kind');
  await ada.press('a.kind[href*="kind=web"]');
  await ada.portraits('admin-apps-new-details');
  await ada.page.locator('[name="name"]').fill('Wiki');
  await ada.page.locator('[name="redirect_uris"]').fill('http://127.0.0.1:9/callback');
  await ada.page.locator('[name="assign"][value="everyone"]').check();
  await ada.press('main form[action$="/admin/apps/new"] button[type=submit]');
  await ada.portraits('admin-apps-new-ready');
  await ada.press('main a.button.is-main[href*="test"]', 'test sign-in');
  await ada.portraits('admin-apps-test');
  await ada.press('main form[action$="/test"] button.is-main', 'beginning of the test sign-in');
  ensure((await ada.page.locator('.verdict.is-ok').count()) === 1, 'the test sign-in of the wizard did not work', await ada.words());
  await makeStream(ada, input);
}

/** A log stream whose receiver nobody reaches, which a test says. */
async function makeStream(ada, input) {
  await ada.open(`${input.origin}/admin/settings/streams`);
  const form = ada.page.locator('main form:has([name="kind"][value="syslog"])');
  await form.locator('[name="name"]').fill('Archive');
  await form.locator('[name="host"]').fill('syslog.invalid');
  await ada.press('main form:has([name="kind"][value="syslog"]) button[type=submit]', 'adding of a log stream');
  await ada.press('main form[action$="/test"] button[type=submit]', 'test of a log stream');
  ensure((await ada.page.locator('.is-bad').count()) > 0, 'a test to nobody was taken', await ada.words());
  await ada.portraits('admin-settings-stream-tested');
}

async function fillEmpty(visitor, known) {
  for (const field of await visitor.page.locator('main form [required]:visible').all()) {
    const [name, type, value] = await field.evaluate((one) => [one.name, one.type, one.value]);
    if (value || type === 'radio' || type === 'checkbox') continue;
    await field.fill(known[name] ?? (type === 'email' ? known.email : 'Grace'));
  }
}

async function watchLog(browser, ada, input) {
  await ada.open(`${input.origin}/admin/log/live`);
  await ada.orExplain(ada.page.locator('[data-tail-state].is-ok').waitFor(), 'the live log does not open');
  const stranger = await browser.visitor('stranger');
  stranger.expectStatus(400, 401, 403, 422);
  await stranger.open(`${input.origin}/signin`);
  await stranger.answer('identifier', 'nobody@example.com');
  if (await stranger.page.locator('[name="password"]:visible').count()) await stranger.answer('password', 'not the password');
  await stranger.close();
  await ada.orExplain(ada.page.locator('.tail tbody tr').first().waitFor(), 'a failed sign-in does not appear in the live log');
  await ada.portraits('admin-log-live');
}

async function simulate(ada, input) {
  await ada.open(`${input.origin}/admin/policies/simulate`);
  await ada.page.locator('[name="person"]').fill(input.login);
  await ada.press('main form[action$="/admin/policies/simulate"] button[type=submit]');
  ensure((await ada.page.locator('.verdict').count()) === 1, 'the simulation gave no verdict', await ada.words());
  await ada.portraits('admin-simulate-verdict');
}

/** Follows every link inside the site once per kind of page: `/admin/people/00u…` stands for all people. */
async function walk(ada, input) {
  const queue = ['/apps', '/account', '/admin', '/admin/settings', '/style', '/admin/log?outcome=FAILURE'];
  const known = new Set(queue.map(kindOf));
  const walked = [];
  while (queue.length > 0) {
    const path = queue.shift();
    ensure(walked.length < PAGES_MAX, `more than ${PAGES_MAX} kinds of page`, walked.slice(-5));
    await ada.open(new URL(path, input.origin).href);
    const kind = kindOf(path);
    walked.push(kind);
    if (!isStream(path)) await inspect(ada, kind);
    for (const href of await ada.page.locator('a[href^="/"]').evaluateAll((links) => links.map((link) => link.getAttribute('href')))) {
      if (!isWalkable(href) || known.has(kindOf(href))) continue;
      known.add(kindOf(href));
      queue.push(href);
    }
  }
  note(`walked ${walked.length} kinds of page`);
  return walked;
}

function kindOf(href) {
  const url = new URL(href, 'http://x');
  const path = url.pathname.replace(/\/(?:[0-9a-z]{3}[0-9A-Za-z]{17}|[0-9a-f-]{20,})(?=\/|$)/g, '/ID');
  const parameters = [...url.searchParams.keys()].filter((key) => !['after', 'before', 'cursor', 'page'].includes(key)).sort();
  const tab = url.searchParams.get('tab') ?? url.searchParams.get('kind');
  return `${path}${parameters.length ? `?${parameters.join('&')}` : ''}${tab ? `=${tab}` : ''}`;
}

async function inspect(ada, kind) {
  const name = kind.replace(/^\//, '').replace(/[^0-9A-Za-z]+/g, '-').replace(/-$/, '') || 'home';
  await ensureShape(ada, kind);
  await ada.portraits(name);
  const wrong = [...(await violations(ada, 'dark')), ...(await violations(ada, 'light'))];
  ensure(wrong.length === 0, `${kind} breaks rules of accessibility`, wrong.join('\n'));
}

async function withoutScript(browser, input) {
  const plain = await browser.visitor('plain', { script: false });
  await plain.open(`${input.origin}/signin`);
  await plain.picture('gate-identifier-without-script');
  await plain.answer('identifier', input.login);
  ensure((await plain.page.locator('form').count()) > 0 || (await plain.page.locator('a.way, a[href*="/signin"]').count()) > 0, 'without script sign-in ends at the second page', await plain.words());
  await plain.picture('gate-second-without-script');
  await plain.close();
}

/** The mouse is put away: the skip link is first, focus is visible, and Enter submits. */
async function byKeyboard(browser, input) {
  const hands = await browser.visitor('hands');
  await hands.open(`${input.origin}/signin`);
  const focused = await hands.page.evaluate(() => document.activeElement?.getAttribute('name'));
  ensure(focused === 'identifier', 'the first field of the sign-in page is not focused', focused);
  await hands.page.keyboard.type(input.login);
  await hands.settle(() => hands.page.keyboard.press('Enter'));
  await hands.page.keyboard.press('Tab');
  const outline = await hands.page.evaluate(() => {
    const style = getComputedStyle(document.activeElement);
    return { outline: style.outlineStyle, width: style.outlineWidth, shadow: style.boxShadow };
  });
  ensure(outline.outline !== 'none' || outline.shadow !== 'none', 'focus cannot be seen', outline);
  await hands.close();
}
