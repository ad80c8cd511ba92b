// What every script here shares: one JSON object in (first argument, or TESTBED_INPUT), one JSON object out on
// stdout, progress on stderr, and exit code 1 with one clear sentence when a step did not go as promised.
// A script never waits for a time: it has a deadline, and waits for states.

const DEADLINE_SECS = 120;

export class Failed extends Error {}

/** Stops the script with a sentence that says what was expected of whom, and what came. */
export function ensure(condition, sentence, seen) {
  if (condition) return;
  throw new Failed(seen === undefined ? sentence : `${sentence}; seen: ${describe(seen)}`);
}

export function describe(value) {
  if (typeof value === 'string') return value.slice(0, 600);
  try {
    return JSON.stringify(value).slice(0, 600);
  } catch {
    return String(value).slice(0, 600);
  }
}

/** Runs `refused` and returns the error that it must end with. */
export async function mustFail(what, refused) {
  let value;
  try {
    value = await refused();
  } catch (error) {
    return error;
  }
  throw new Failed(`${what} was accepted, though it must be refused; seen: ${describe(value)}`);
}

export function note(line) {
  process.stderr.write(`${line}\n`);
}

function readInput(required) {
  const text = process.argv[2] ?? process.env.TESTBED_INPUT;
  ensure(text, `this script takes one JSON object as its first argument, with: ${required.join(', ')}`);
  let input;
  try {
    input = JSON.parse(text);
  } catch (error) {
    throw new Failed(`the first argument is not JSON: ${error.message}`);
  }
  const missing = required.filter((name) => input[name] === undefined);
  ensure(missing.length === 0, `the input lacks: ${missing.join(', ')}`);
  return input;
}

/** Runs `body(input)`, prints what it returns as one JSON line and ends the process. */
export async function script(required, body, deadlineSecs = DEADLINE_SECS) {
  const timer = setTimeout(() => {
    process.stderr.write(`failed: no end within ${deadlineSecs} s\n`);
    process.exit(1);
  }, deadlineSecs * 1000);
  timer.unref();
  try {
    const result = await body(readInput(required));
    process.stdout.write(`${JSON.stringify({ ok: true, ...result })}\n`, () => process.exit(0));
  } catch (error) {
    process.stderr.write(`failed: ${explain(error)}\n`);
    process.exit(1);
  }
}

// openid-client hides the server's own words in `cause`; they are what a reader of a failed test needs.
function explain(error) {
  if (error instanceof Failed) return error.message;
  const parts = [`${error.name}: ${error.message}`];
  for (const key of ['code', 'error', 'error_description', 'status']) {
    if (error[key] !== undefined) parts.push(`${key}=${describe(error[key])}`);
  }
  if (error.cause !== undefined) {
    const cause = error.cause;
    parts.push(`cause: ${cause instanceof Error ? explain(cause) : describe(cause)}`);
  }
  const place = (error.stack ?? '').split('\n').find((line) => line.includes('/clients/node/') && !line.includes('node_modules'));
  if (place) parts.push(place.trim());
  return parts.join('; ');
}
