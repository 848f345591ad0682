// Opens the sealed parts of a welcome page with the key in its address. The key is never stored or sent.
const main = document.querySelector("main");
const key = /^#([\w-]{22})/.exec(location.hash)?.[1];
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const utf8 = (text) => new TextEncoder().encode(text);
const bytes = (base64) => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));

// -- the seal: HKDF-SHA-256, then AES-256-GCM over nonce, deflated text, tag --
async function sealKey() {
  const raw = bytes(key.replaceAll("-", "+").replaceAll("_", "/"));
  const base = await crypto.subtle.importKey("raw", raw, "HKDF", false, ["deriveKey"]);
  const how = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: utf8("guestlink seal v1") };
  return crypto.subtle.deriveKey(how, base, { name: "AES-GCM", length: 256 }, false, ["decrypt"]);
}

// Each part with its length before it, four bytes, so that no two lists read the same.
function lengthPrefixed(...parts) {
  return new Uint8Array(parts.map(utf8).flatMap((part) => [0, 0, part.length >> 8, part.length & 255, ...part]));
}

async function opened(block, seal) {
  const holder = document.querySelector(`template[data-sealed=${block}]`);
  if (!holder) return [];
  const sealed = bytes(holder.content.textContent);
  const { slug, language } = main.dataset;
  const how = { name: "AES-GCM", iv: sealed.subarray(0, 12), additionalData: lengthPrefixed(slug, language, block, "1") };
  const inside = document.createElement("template");
  const small = new Blob([await crypto.subtle.decrypt(how, seal, sealed.subarray(12))]);
  inside.innerHTML = await new Response(small.stream().pipeThrough(new DecompressionStream("deflate-raw"))).text();
  return [...inside.content.children];
}

// -- putting what was sealed in its place --
function place(parts) {
  for (const part of parts) {
    const { fill, before, into } = part.dataset;
    if (fill) all(`[data-fill=${fill}]`).forEach((slot) => slot.replaceChildren(part.content.cloneNode(true)));
    if (before) document.getElementById(before).before(part.content);
    if (into) document.getElementById(into).append(part.content);
  }
}

let cards = [];
const words = new Map();

function placeSecrets(parts) {
  cards = parts.filter((part) => part.dataset.secret).map((part) => {
    const card = part.content.firstElementChild;
    return Object.assign(card, { secret: part.dataset.secret, until: part.dataset.until * 1000 });
  });
  if (cards.length) all("[data-fill=codes]").forEach((slot) => slot.replaceChildren(...cards));
  all("span[data-secret]").forEach((span) => words.set(span, span.textContent));
  mark();
}

// A code that has ended by the phone's clock is marked, and leaves the text of the sections.
function mark() {
  const now = Date.now();
  for (const card of cards) {
    const over = card.until <= now;
    card.toggleAttribute("data-over", over);
    all(".valid", card).forEach((line) => (line.hidden = over));
    all(".ended", card).forEach((line) => (line.hidden = !over));
  }
  for (const [span, text] of words) {
    const shown = cards.filter((card) => card.secret === span.dataset.secret && !card.hasAttribute("data-over"));
    const values = shown.flatMap((card) => all("[data-inline]", card)).map((value) => value.cloneNode(true));
    span.replaceChildren(...(values.length ? values.flatMap((value, at) => (at ? [" / ", value] : [value])) : [text]));
  }
  const next = Math.min(...cards.map((card) => card.until).filter((until) => until > now));
  if (next < Infinity) setTimeout(mark, Math.min(next - now + 500, 3600000));
}

// -- what a tap does --
function reveal(link) {
  const wanted = cards.find((card) => card.secret === link.dataset.first && !card.hasAttribute("data-over"));
  const target = wanted ?? document.getElementById(link.hash.slice(1));
  if (!target) return;
  const section = target.closest("details");
  if (section) section.open = true;
  target.tabIndex = -1;
  target.focus({ preventScroll: true });
  target.scrollIntoView({ block: wanted ? "center" : "start" });
}

async function copy(button) {
  await navigator.clipboard.writeText(button.closest(".code").querySelector(".value").textContent);
  const label = button.textContent;
  button.textContent = button.dataset.copy;
  setTimeout(() => (button.textContent = label), 2000);
}

addEventListener("click", (event) => {
  const inside = event.target.closest('a[href^="#"]');
  if (inside) {
    event.preventDefault(); // the address keeps its key
    reveal(inside);
  }
  const button = event.target.closest("button[data-copy]");
  if (button) copy(button);
});
addEventListener("visibilitychange", mark);
addEventListener("hashchange", () => location.reload());
addEventListener("beforeprint", () => all(".list details:not([open])").forEach((section) => (section.open = true)));

// -- opening --
function say(state) {
  all("[data-state]").forEach((line) => (line.hidden = line.dataset.state !== state));
}

async function start() {
  if (!key) return say("whole");
  if (!globalThis.crypto?.subtle || !globalThis.DecompressionStream) return say("browser");
  all("a[hreflang]").forEach((link) => (link.hash = key));
  const seal = await sealKey();
  const blocks = await Promise.all([opened("codes", seal), opened("stay", seal)]).catch(() => null);
  if (!blocks) return say("wrong");
  place(blocks.flat());
  placeSecrets(blocks.flat());
}

start();
