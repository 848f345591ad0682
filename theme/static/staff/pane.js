// One place beside the board, over it on a phone, for one thing at a time: a conversation, a stay. Its address is
// `#talk=ID`, so that Back closes it and a reload opens it again.
import { say } from "staff/words.js";

const board = document.querySelector("#board");
const pane = document.querySelector("#pane");
const head = pane.querySelector("h2");
const ADDRESS = /^#(\w+)=([\w-]+)$/;
const wide = matchMedia("(min-width: 76rem)");
const known = {}; // name -> how that kind of thing is drawn
let shown; // what is open: its name, its id, the place it is drawn into
let origin; // what had the focus before
let isReadOnly = false;

// `{talk: {draw(place, id), close(), readOnly(yes)}}`. `place` has `body`, an empty element to draw into; `title(node
// or words)`; `acts`, where buttons of the head go; `isOver()`, true when it was closed before an answer came.
export function kinds(more) {
  Object.assign(known, more);
}

export const knows = (name) => Boolean(known[name]);

// Opens a thing, and is where the focus goes. Back leads to what was open before it; of one kind, each takes the
// place of the other.
export function open(name, id) {
  if (isAt(name, id)) return head.focus();
  origin = shown ? origin : document.activeElement;
  const depth = history.state?.pane ?? 0;
  if (isAt(name)) history.replaceState(history.state, "", `#${name}=${id}`);
  else history.pushState({ pane: depth + 1 }, "", `#${name}=${id}`);
  return show();
}

// One step back: to what was open before, or to the board alone.
export function close() {
  if (history.state?.pane) return history.back();
  history.replaceState(null, "", location.pathname);
  return show();
}

// After a sign-in and after a reload: what the address names.
export const begin = () => show();

// Nothing is open any more, and nothing of it is left on the page.
export function clear() {
  if (ADDRESS.test(location.hash) && shown) history.replaceState(null, "", location.pathname);
  empty();
}

export const isAt = (name, id) => shown?.name === name && (id === undefined || shown.id === id);

export function readOnly(yes) {
  isReadOnly = yes;
  if (shown) known[shown.name].readOnly?.(yes);
}

// In the place of what cannot be shown: without a connection only the board itself is kept on this device.
export function notKept(place) {
  const line = document.createElement("p");
  line.className = "told";
  line.textContent = say("not_kept");
  place.body.replaceChildren(line);
}

function show() {
  const [, name, id] = ADDRESS.exec(location.hash) ?? [];
  if (!known[name] || board.hidden) return shown && back();
  if (isAt(name, id)) return undefined;
  empty();
  const body = document.createElement("div");
  body.className = `pane-body ${name}`;
  pane.append(body);
  const place = { body, title, acts: pane.querySelector("[data-slot=pane-acts]"), isOver: () => shown?.place !== place };
  shown = { name, id, place };
  pane.hidden = false;
  board.dataset.pane = name;
  cover();
  known[name].draw(place, id);
  known[name].readOnly?.(isReadOnly);
  return head.focus({ preventScroll: true });
}

function title(words) {
  head.replaceChildren(words);
}

function empty() {
  const was = shown;
  shown = undefined;
  if (was) known[was.name].close?.();
  pane.hidden = true;
  pane.querySelector(".pane-body")?.remove();
  pane.querySelector("[data-slot=pane-acts]").replaceChildren();
  head.replaceChildren();
  delete board.dataset.pane;
  pane.style.blockSize = "";
  cover();
}

// To the board alone; the focus goes to where it came from, or to the line of what was open.
function back() {
  const { name, id } = shown;
  empty();
  const line = board.querySelector(`[data-opens="${name}=${id}"]`);
  const near = [origin, line, line?.closest("details")?.querySelector("summary"), board.querySelector("h1")];
  const next = near.find((node) => node?.isConnected && node !== document.body && node.checkVisibility());
  origin = undefined;
  next.focus();
}

// What lies below it on a phone can be neither reached nor read.
function cover() {
  const isCovered = Boolean(shown) && !wide.matches;
  document.documentElement.classList.toggle("covered", isCovered);
  document.querySelector(".top").inert = isCovered;
  for (const each of board.children) if (each !== pane) each.inert = isCovered;
}

// What a phone's keyboard leaves of the screen.
globalThis.visualViewport?.addEventListener("resize", () => {
  pane.style.blockSize = wide.matches ? "" : `${visualViewport.height}px`;
});
wide.addEventListener("change", cover);
addEventListener("popstate", show);
pane.querySelector("[data-do=close-pane]").addEventListener("click", close);
addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.isComposing || event.defaultPrevented || !shown) return;
  const isElsewhere = !pane.contains(event.target) && event.target.closest("form, details");
  if (isElsewhere || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  close();
});
