// What an operator does on a page that was opened by a link: organisations are moved, moves are undone or taken back.
// Every text goes in as text, never as markup. A module: its names are its own, and it reads those of fleet.js.

const FIELD = "testudo-page";
// Organisations of one cell whose dots have their names.
const NAMED_MAX = 200;
const BEFORE_SWITCH = new Set(["preparing", "copying", "verifying", "closing", "fencing", "fenced", "loosening"]);
const said = document.getElementById("operate-said");
const orgs = document.getElementById("orgs");
const ofCell = document.getElementById("of-cell");
const more = document.getElementById("orgs-more");
let fleet = null;
let next = null;
// The change of the register that names were asked for at, and whether they are being asked for.
let named = null;
let naming = false;

const isOpen = () => sessionStorage.getItem(FIELD) !== null;

function show() {
  document.getElementById("operate").hidden = !isOpen();
  document.getElementById("operate-how").hidden = isOpen();
}

function tell(words, kind) {
  said.className = kind || "";
  said.textContent = words;
}

async function operate(method, path, body) {
  const headers = { "x-testudo-page": sessionStorage.getItem(FIELD) || "" };
  if (body !== undefined) headers["content-type"] = "application/json";
  const answer = await fetch("/operate/" + path, { method, headers, body: body && JSON.stringify(body) });
  const heard = await answer.json().catch(() => ({ message: "The control plane answered with something strange." }));
  if (answer.status === 403 && path !== "session") sessionStorage.removeItem(FIELD);
  if (!answer.ok) throw new Error(heard.message);
  return heard;
}

// Runs what somebody asked for, and says what became of it.
async function attempt(work) {
  try {
    await work();
  } catch (error) {
    if (isOpen()) tell(error.message, "trouble");
    else document.getElementById("operate-how").textContent = error.message;
  }
  show();
}

async function enter() {
  const key = new URLSearchParams(location.hash.slice(1)).get("key");
  if (key) {
    // Nobody who looks at the address, or at the history, finds a key there.
    history.replaceState(null, "", location.pathname);
    try {
      const opened = await operate("POST", "session", { key });
      sessionStorage.setItem(FIELD, opened.field);
    } catch (error) {
      if (!isOpen()) throw error;
      // What was opened before is open as long as the list is answered.
      await list("");
      tell("This link was used, or is too old. The page is still open by an earlier one.");
      return;
    }
  }
  if (!isOpen()) return;
  await list("");
  // The fleet may have been drawn before, and is drawn again only when something changes.
  await learnNames();
}

async function list(after) {
  const query = new URLSearchParams({ after });
  if (ofCell.value) query.set("cell", ofCell.value);
  const page = await operate("GET", "orgs?" + query);
  if (!after) orgs.replaceChildren();
  for (const org of page.orgs) orgs.append(rowOf(org));
  next = page.next;
  more.hidden = !next;
  draw();
}

// Names for the dots that rest in a cell; asked for again when the register has changed.
async function learnNames() {
  if (!fleet || !isOpen() || naming) return;
  const newest = fleet.changes[0] ? fleet.changes[0].cursor : 0;
  if (newest === named) return;
  [naming, named] = [true, newest];
  try {
    for (const cell of fleet.cells) namesOf.set(cell.name, await namesIn(cell.name));
    fleet.cells.forEach(drawCell);
  } finally {
    naming = false;
  }
}

async function namesIn(cell) {
  const names = [];
  let after = "";
  do {
    const page = await operate("GET", "orgs?" + new URLSearchParams({ after, cell }));
    names.push(...page.orgs.map((org) => org.slug));
    after = page.next;
  } while (after && names.length < NAMED_MAX);
  return names;
}

function rowOf(org) {
  const row = document.getElementById("org").content.firstElementChild.cloneNode(true);
  row.dataset.slug = org.slug;
  row.dataset.home = org.cell;
  row.querySelector(".slug").textContent = org.slug;
  row.querySelector(".name").textContent = org.name === org.slug ? "" : org.name;
  const choice = row.querySelector("select");
  choice.setAttribute("aria-label", "The cell that " + org.slug + " moves to");
  row.querySelector("button").addEventListener("click", () => attempt(async () => {
    const begun = await operate("POST", "orgs/" + org.slug + "/move", choice.value ? { to: choice.value } : {});
    tell(org.slug + " is on its way to " + begun.target + ".");
  }));
  return row;
}

function draw() {
  if (!fleet || !isOpen()) return;
  fill(ofCell, [["", "all cells"], ...fleet.cells.map((cell) => [cell.name, cell.name])]);
  const newest = new Map();
  for (const move of fleet.moves) {
    const known = newest.get(move.slug);
    if (!known || known.created_at < move.created_at) newest.set(move.slug, move);
  }
  for (const row of orgs.children) drawRow(row, newest.get(row.dataset.slug));
  for (const move of fleet.moves) drawMove(move);
}

function drawRow(row, move) {
  if (move) row.dataset.home = move.serving;
  const home = row.dataset.home;
  const busy = move && move.phase !== "done" && move.phase !== "undone";
  row.querySelector(".home").textContent = home;
  row.querySelector(".phase").textContent = busy ? phaseOf(move) : "";
  const open = fleet.cells.filter((cell) => cell.name !== home && cell.state === "open");
  const choice = row.querySelector("select");
  fill(choice, [["", "the emptiest cell"], ...open.map((cell) => [cell.name, cell.name + troubleOf(cell)])]);
  const button = row.querySelector("button");
  choice.disabled = button.disabled = Boolean(busy) || open.length === 0;
  button.title = busy ? "Its last move is not over" : open.length === 0 ? "No other cell is open" : "";
}

// A move into a cell that cannot take it is refused: that is seen before it is asked for.
function troubleOf(cell) {
  if (!cell.health) return " (does not answer)";
  return cell.health.ready ? "" : " (not ready)";
}

// Whoever is choosing is not disturbed.
function fill(choice, wanted) {
  const known = [...choice.options].map((option) => option.value + "=" + option.text).join();
  if (known === wanted.map(([value, words]) => value + "=" + words).join()) return;
  const chosen = choice.value;
  choice.replaceChildren(...wanted.map(([value, words]) => new Option(words, value)));
  if (wanted.some(([value]) => value === chosen)) choice.value = chosen;
}

function drawMove(move) {
  const button = document.querySelector("#move-" + CSS.escape(move.id) + " button");
  if (!button) return;
  const way = BEFORE_SWITCH.has(move.phase) ? "undo" : move.phase === "following" && !move.returning ? "back" : "";
  button.hidden = !way;
  button.textContent = way === "undo" ? "Undo" : "Take back";
  button.setAttribute("aria-label", button.textContent + " the move of " + move.slug);
  button.onclick = () => attempt(async () => {
    await operate("POST", "orgs/" + move.slug + "/move/" + way);
    tell(way === "undo" ? "The move of " + move.slug + " is undone." : move.slug + " goes back to " + move.source + ".");
  });
}

document.addEventListener("fleet", (event) => {
  fleet = event.detail;
  draw();
  attempt(learnNames);
});
ofCell.addEventListener("change", () => attempt(() => list("")));
more.addEventListener("click", () => attempt(() => list(next)));
addEventListener("hashchange", () => attempt(enter));
show();
attempt(enter);
