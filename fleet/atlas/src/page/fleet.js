"use strict";
// Draws what /events tells. Every text goes in as text, never as markup.

const DOTS_MAX = 500;
const RATED = { small: 1000, medium: 10000, large: 50000, extra_large: 200000 };
const cells = document.getElementById("cells");
const summary = document.getElementById("summary");
const number = new Intl.NumberFormat();
// Cells that this page saw answer, and since when each of them is silent.
const heard = new Set();
const silent = new Map();
// Of each cell, the names of organisations that rest there, as far as they are known.
const namesOf = new Map();
let newest = null;
let moving = [];

function text(parent, selector, value) {
  const element = parent.querySelector(selector);
  if (element.textContent !== value) element.textContent = value;
}

function room(name) {
  let article = document.getElementById("cell-" + name);
  if (!article) {
    article = document.getElementById("cell").content.firstElementChild.cloneNode(true);
    article.id = "cell-" + name;
    text(article, "h2", name);
    cells.append(article);
  }
  return article;
}

// An organisation on its way has a dot in both cells: hollow where it is not served (any more, or yet). Those have their names, as
// the list of moves does; the names of all others are for whoever opened the page by a link (operate.js gives them).
function drawDots(box, orgs, name, serves, other) {
  const shown = Math.min(orgs, DOTS_MAX);
  const away = serves.length + other.length;
  const words = orgs + " organisations in " + name + (away ? ", " + away + " on their way" : "");
  const on = [...serves, ...other];
  const rest = (namesOf.get(name) || []).filter((slug) => !on.includes(slug));
  const names = [...on, ...rest];
  const drawn = serves.length + "/" + other.length + "/" + names.join();
  if (box.getAttribute("aria-label") === words && box.dataset.drawn === drawn) return;
  box.setAttribute("aria-label", words);
  box.dataset.drawn = drawn;
  box.replaceChildren(...Array.from({ length: shown }, (_, at) => {
    const dot = document.createElement("i");
    if (at < serves.length) dot.className = "coming";
    else if (at < away) dot.className = "leaving";
    if (names[at]) dot.title = names[at];
    return dot;
  }));
  if (orgs > shown) {
    const rest = document.createElement("b");
    rest.textContent = "and " + number.format(orgs - shown) + " more";
    box.append(rest);
  }
}

const PHASES = {
  preparing: "the cells get ready", copying: "copying", verifying: "comparing", closing: "catching up",
  fencing: "stopping the first cell", fenced: "the last changes", loosening: "going on at the first cell",
  activating: "starting at the second cell", following: "served by the second cell", purging: "closing the way back",
  done: "done", undoing: "undoing", undone: "undone",
};

// One that is taken back goes the other way: its second cell stops, and its first one starts.
function phaseOf(move) {
  const isBack = move.serving === move.source;
  if (isBack && (move.phase === "done" || move.phase === "purging")) return "taken back";
  if (!move.returning) return PHASES[move.phase];
  const ways = {
    verifying: "comparing", closing: "catching up", fencing: "stopping the second cell", fenced: "the last changes",
    loosening: "going on at the second cell", activating: "starting at the first cell",
  };
  return "on its way back" + (ways[move.phase] ? ": " + ways[move.phase] : "");
}

function isOver(move) {
  return move.phase === "done" || move.phase === "undone";
}

// What is over is one line, until somebody wants to see it; but for what a cell has yet to do.
function drawMoves(moves) {
  document.getElementById("moves-box").hidden = moves.length === 0;
  const over = moves.filter((move) => isOver(move) && !move.left_behind);
  drawMovesIn(document.getElementById("moves"), moves.filter((move) => !over.includes(move)));
  drawMovesIn(document.getElementById("moves-over"), over);
  const box = document.getElementById("moves-over-box");
  box.hidden = over.length === 0;
  text(box, "summary", over.length === 1 ? "1 that is over" : over.length + " that are over");
}

function drawMovesIn(list, moves) {
  const known = new Set(moves.map((move) => "move-" + move.id));
  for (const row of [...list.children]) if (!known.has(row.id)) row.remove();
  moves.forEach((move, at) => {
    let row = document.getElementById("move-" + move.id);
    if (!row) {
      row = document.getElementById("move").content.firstElementChild.cloneNode(true);
      row.id = "move-" + move.id;
    }
    if (list.children[at] !== row) list.insertBefore(row, list.children[at] || null);
    row.className = (isOver(move) ? "over" : "") + (move.phase === "undone" || move.phase === "undoing" ? " harm" : "");
    text(row, ".what", move.slug + ": " + move.source + " → " + move.target);
    // Rows are counted anew when they are compared: to copy them is the first half.
    const through = Math.min(1, move.rows_done / Math.max(1, move.rows_total));
    const shares = { preparing: 0, copying: through / 2, verifying: 0.5 + through / 2 };
    const share = shares[move.phase] === undefined ? 1 : shares[move.phase];
    const bar = row.querySelector("progress");
    bar.hidden = move.phase === "undone" || move.phase === "undoing";
    bar.value = share;
    bar.setAttribute("aria-label", "Progress of " + move.slug);
    const pause = move.pause_micros === null ? "" : " · pause " + Math.round(move.pause_micros / 1000) + " ms";
    text(row, ".phase", phaseOf(move) + pause + (move.reason ? " · " + move.reason : ""));
    text(row, ".who", "in " + move.serving + ", epoch " + move.epoch);
  });
}

function drawCell(cell) {
  const article = room(cell.name);
  const alive = cell.health && cell.health.ready;
  const failing = cell.traffic && cell.traffic.errors > 0;
  article.className = "cell" + (alive ? (failing ? " care" : "") : " harm");
  text(article, ".state", cell.state);
  text(article, ".place", [cell.region, cell.cloud, cell.size.replace("_", "-"), ...cell.regimes].join(" · "));
  const away = moving.filter((move) => !isOver(move));
  const serves = away.filter((move) => move.serving === cell.name).map((move) => move.slug);
  const comesOrWent = (move) => move.serving !== cell.name && (move.source === cell.name || move.target === cell.name);
  const other = [...away.filter(comesOrWent), ...moving.filter((move) => move.left_behind === cell.name)].map((move) => move.slug);
  drawDots(article.querySelector(".dots"), cell.orgs, cell.name, serves, other);
  const share = Math.min(100, (100 * cell.orgs) / RATED[cell.size]);
  text(article, ".load", number.format(cell.orgs) + " of " + number.format(RATED[cell.size]) + " organisations");
  article.querySelector(".bar span").style.width = Math.max(share, cell.orgs > 0 ? 1 : 0) + "%";
  const traffic = cell.traffic || { requests: 0, errors: 0, p99_micros: 0 };
  text(article, "[data-of=requests]", number.format(traffic.requests));
  text(article, "[data-of=errors]", number.format(traffic.errors));
  text(article, "[data-of=p99]", traffic.requests ? (traffic.p99_micros / 1000).toFixed(1) + " ms" : "–");
  article.dataset.silent = cell.health ? "" : cell.name;
  if (cell.health) {
    heard.add(cell.name);
    silent.delete(cell.name);
    const state = !alive ? "Not ready" : failing ? "Answers, with errors" : "Healthy";
    text(article, ".health", state + " · " + cell.health.store + " · " + cell.health.version);
  } else {
    if (heard.has(cell.name) && !silent.has(cell.name)) silent.set(cell.name, Date.now());
    drawSilence(article);
  }
}

function drawSilence(article) {
  const since = silent.get(article.dataset.silent);
  const age = since ? Math.round((Date.now() - since) / 1000) : 0;
  text(article, ".health", "Does not answer" + (age > 1 ? " for " + number.format(age) + " s" : ""));
}

const CHANGES = {
  "cell.declare": "% joined the fleet", "cell.address": "% has another address", "cell.building": "% is being set up",
  "cell.open": "% takes organisations", "cell.full": "% takes no more organisations", "cell.draining": "% is being emptied",
  "cell.closed": "% is out of use",
  "org.create": "% has its name and its place", "org.serve": "% is served", "org.release": "% was not taken, its name is free",
  "org.invite": "% has a new set-up link",
  "org.move": "% is on its way", "org.move.switch": "% is served by its other cell", "org.move.done": "the move of % is over",
  "org.move.undo": "the move of % is given up", "org.move.undone": "% is where it was", "org.move.back": "the move of % is taken back",
  "org.move.settle": "the move of % shall not be taken back any more", "org.move.abandon": "% is served by its first cell again, the other one is given up",
  "org.move.clean": "nothing of % is left where it was",
  "org.host.claim": "% wants a host name", "org.host.add": "% answers at a host name", "org.host.remove": "% gives a host name up",
  "org.host.gone": "a host name of % is free", "org.host.release": "a host name was not given to %",
};

function wordsOf(change) {
  const words = CHANGES[change.kind];
  const said = words ? words.replace("%", () => change.subject) : change.kind + " " + change.subject;
  return said + (change.detail ? " · " + change.detail : "");
}

function drawChanges(changes) {
  // Drawn again only if there is news: whoever reads or selects is not disturbed.
  if (changes[0] && changes[0].cursor === newest) return;
  newest = changes[0] ? changes[0].cursor : null;
  document.getElementById("changes").replaceChildren(...changes.map((change) => {
    const row = document.createElement("li");
    const time = document.createElement("time");
    const at = new Date(change.at / 1000);
    time.dateTime = at.toISOString();
    time.textContent = at.toLocaleTimeString();
    const what = document.createElement("span");
    what.textContent = wordsOf(change);
    what.title = change.kind + ", epoch " + change.epoch;
    const who = document.createElement("span");
    who.className = "who";
    who.textContent = change.actor === "control" ? "by itself" : change.actor;
    row.append(time, what, who);
    return row;
  }));
}

function draw(view) {
  const known = new Set(view.cells.map((cell) => "cell-" + cell.name));
  for (const article of [...cells.children]) if (!known.has(article.id)) article.remove();
  moving = view.moves;
  view.cells.forEach(drawCell);
  drawMoves(view.moves);
  drawChanges(view.changes);
  document.dispatchEvent(new CustomEvent("fleet", { detail: view }));
  const alive = view.cells.filter((cell) => cell.health && cell.health.ready).length;
  say("", alive + " of " + view.cells.length + " cells answer · " + number.format(view.orgs_total) + " organisations");
}

// A status is read aloud: only when it changes.
function say(kind, words) {
  summary.className = kind;
  if (summary.textContent !== words) summary.textContent = words;
}

const source = new EventSource("/events");
source.onmessage = (event) => draw(JSON.parse(event.data));
source.addEventListener("trouble", (event) => trouble(event.data));
source.onerror = () => trouble("The control plane does not answer. Cells and edges go on without it.");

function trouble(words) {
  say("trouble", words);
}

say("", "Waiting for the register…");
setInterval(() => {
  for (const article of cells.children) if (article.dataset.silent) drawSilence(article);
}, 1000);
