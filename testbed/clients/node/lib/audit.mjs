// Holds a page against WCAG 2.2 A and AA with axe-core, in the light and in the dark. What a machine cannot judge is
// left to the eye; what it can judge may not be wrong.

import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { ensure } from './script.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const LEVELS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

/** Collects what is wrong; `[]` when nothing is. */
export async function violations(visitor, scheme) {
  await visitor.page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
  await visitor.page.evaluate(AXE);
  const found = await visitor.page.evaluate(async (levels) => {
    const result = await window.axe.run(document, { runOnly: { type: 'tag', values: levels }, resultTypes: ['violations'] });
    return result.violations.map(({ id, help, nodes }) => ({ id, help, places: nodes.slice(0, 3).map((node) => `${node.target.join(' ')}: ${node.failureSummary}`) }));
  }, LEVELS);
  return found.map(({ id, help, places }) => `${scheme}: ${id} (${help}): ${places.join(' | ').replace(/\s+/g, ' ')}`);
}

/** The page's heads: one h1, a title, a language. */
export async function ensureShape(visitor, name) {
  const shape = await visitor.page.evaluate(() => ({
    headings: document.querySelectorAll('h1').length,
    title: document.title.trim(),
    language: document.documentElement.lang,
    inline: document.querySelectorAll('[style], style, script:not([src])').length,
  }));
  ensure(shape.headings === 1 && shape.title && shape.language, `${name} lacks a title, a language or its one h1`, shape);
  ensure(shape.inline === 0, `${name} carries inline style or script, which its policy refuses`, shape);
}
