// The page of a fleet in Chromium: whoever only looks may not touch, whoever opens it by an operator's link moves an
// organisation and takes the move back. Sound in light and dark, wide and narrow.
//
// Input: page, link, slug, from, to; chromium, screenshots.

import { violations } from './lib/audit.mjs';
import { Browser } from './lib/browser.mjs';
import { ensure, script } from './lib/script.mjs';

await script(['page', 'link', 'slug', 'from', 'to'], async (input) => {
  const browser = await Browser.launch({ executable: input.chromium, screenshots: input.screenshots });
  try {
    await look(browser, input);
    const ada = await browser.visitor('ada');
    await ada.open(input.link);
    await ada.orExplain(ada.page.locator(`#orgs tr[data-slug="${input.slug}"]`).waitFor(), 'the organisation is not listed');
    ensure(!ada.page.url().includes('key='), 'the key stays in the address', ada.page.url());
    await portray(ada, 'fleet-operator');
    await moveAndBack(ada, input);
    await portray(ada, 'fleet-moved');
    await comeAgain(ada, input);
    await comeLate(browser, input);
    browser.ensureQuiet();
    return {};
  } finally {
    await browser.close();
  }
});

/** Without a link the page shows everything, and changes nothing, whatever is asked of it. */
async function look(browser, input) {
  const stranger = await browser.visitor('stranger');
  stranger.expectStatus(403, 404);
  await stranger.open(input.page);
  await stranger.orExplain(stranger.page.locator('.cell .health', { hasText: 'Healthy' }).first().waitFor(), 'no cell is healthy');
  ensure(await stranger.page.locator('#operate').isHidden(), 'a stranger is shown how to move organisations');
  ensure(await stranger.page.locator('.cell .dots i[title]').count() === 0, 'a stranger is told who rests where');
  const statuses = await stranger.page.evaluate(async (slug) => {
    const headers = { 'content-type': 'application/json', 'x-testudo-page': 'guess' };
    const asked = [
      fetch('/operate/session', { method: 'POST', headers, body: '{"key":"guess"}' }),
      fetch(`/operate/orgs/${slug}/move`, { method: 'POST', headers, body: '{}' }),
      fetch(`/operate/orgs/${slug}/move/undo`, { method: 'POST', headers }),
      fetch('/operate/orgs', { headers }),
    ];
    return (await Promise.all(asked)).map((answer) => answer.status);
  }, input.slug);
  ensure(statuses.every((status) => status === 403), 'a stranger is not refused', statuses);
  await portray(stranger, 'fleet');
  await stranger.close();
}

async function moveAndBack(ada, input) {
  const row = ada.page.locator(`#orgs tr[data-slug="${input.slug}"]`);
  const isIn = (cell) => ada.orExplain(row.locator('.home', { hasText: cell }).waitFor(), `${input.slug} is not in ${cell}`);
  await isIn(input.from);
  const dot = (cell) => ada.page.locator(`#cell-${cell} .dots i[title="${input.slug}"]`);
  await ada.orExplain(dot(input.from).waitFor(), `${input.slug} has no dot with its name in ${input.from}`);
  await row.locator('select').selectOption(input.to);
  await row.locator('button').click();
  await isIn(input.to);
  const back = ada.page.locator('#moves button', { hasText: 'Take back' });
  await ada.orExplain(back.click(), 'the move cannot be taken back');
  await isIn(input.from);
}

/** A link that was used does not close a page that is open, and says so. */
async function comeAgain(ada, input) {
  ada.expectStatus(403, 404);
  // The same page: it hears of another key by its address alone.
  await ada.page.evaluate((hash) => { location.hash = hash; }, new URL(input.link).hash);
  await ada.orExplain(ada.page.locator('#operate-said', { hasText: 'still open' }).waitFor(), 'a used link says nothing to who is in');
  ensure(await ada.page.locator('#operate').isVisible(), 'a used link closes the page');
}

/** A link that was used opens nothing more. */
async function comeLate(browser, input) {
  const late = await browser.visitor('late');
  late.expectStatus(403, 404);
  await late.open(input.link);
  await late.orExplain(late.page.locator('#operate-how', { hasText: 'was used' }).waitFor(), 'a used link is not refused');
  ensure(await late.page.locator('#operate').isHidden(), 'a used link opens the page');
  await late.close();
}

async function portray(visitor, name) {
  visitor.expectStatus(404);
  await visitor.portraits(name);
  const wrong = [...(await violations(visitor, 'dark')), ...(await violations(visitor, 'light'))];
  ensure(wrong.length === 0, `${name} breaks rules of accessibility`, wrong.join('\n'));
}
