// Opens the sealed blocks of a welcome page with the key of its link, before the house's text has arrived.
// The key is never sent. What it found, the other scripts read from `guestlink`.
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const main = document.querySelector("main");
  const { slug, language } = main.dataset;
  const utf8 = (text) => new TextEncoder().encode(text);
  const bytes = (base64) => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));

  // The link's own key, whatever stands behind it, else the one that this phone keeps for the stay.
  function findKey() {
    try {
      return (/^#([\w-]{22})/.exec(location.hash) ?? /^()?([\w-]{22})$/.exec(localStorage[`guestlink:${slug}:key`])).pop();
    } catch {
      return null;
    }
  }

  // HKDF-SHA-256, then AES-256-GCM over nonce, deflated text, tag. Each part of the AAD has its length before it.
  async function unsealed(block, seal) {
    const holder = document.querySelector(`template[data-sealed=${block}]`);
    if (!holder) return [];
    const sealed = bytes(holder.content.textContent);
    const aad = [slug, language, block, "1"].map(utf8).flatMap((part) => [0, 0, part.length >> 8, part.length & 255, ...part]);
    const how = { name: "AES-GCM", iv: sealed.subarray(0, 12), additionalData: new Uint8Array(aad) };
    const small = new Blob([await crypto.subtle.decrypt(how, seal, sealed.subarray(12))]);
    const inside = document.createElement("template");
    inside.innerHTML = await new Response(small.stream().pipeThrough(new DecompressionStream("deflate-raw"))).text();
    return [...inside.content.children];
  }

  async function both() {
    const raw = bytes(key.replaceAll("-", "+").replaceAll("_", "/"));
    const base = await crypto.subtle.importKey("raw", raw, "HKDF", false, ["deriveKey"]);
    const how = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: utf8("guestlink seal v1") };
    const seal = await crypto.subtle.deriveKey(how, base, { name: "AES-GCM", length: 256 }, false, ["decrypt"]);
    return (await Promise.all([unsealed("codes", seal), unsealed("stay", seal)])).flat();
  }

  // A QR code comes as bits: one byte for the modules of a side, then row by row.
  function draw(svg) {
    const bits = bytes(svg.dataset.qr), side = bits[0], edge = side + 8;
    let path = "";
    for (let at = 0; at < side * side; at++)
      if ((bits[1 + (at >> 3)] >> (7 - (at & 7))) & 1) path += `M${(at % side) + 4} ${((at / side) | 0) + 4}h1v1h-1z`;
    svg.setAttribute("viewBox", `0 0 ${edge} ${edge}`);
    svg.innerHTML = `<path fill="#fff" d="M0 0h${edge}v${edge}H0z"/><path fill="#000" d="${path}"/>`;
  }

  // Puts each part where it belongs, once: what is not there yet has its turn when the whole page is.
  const done = new Set();
  function fill(selector, nodes) {
    for (const place of all(selector)) {
      if (!done.has(place)) place.replaceChildren(...nodes());
      done.add(place);
    }
  }
  function place(parts, cards) {
    if (cards[0]) fill("[data-fill=codes]", () => cards);
    for (const part of parts) {
      const { fill: name, picture } = part.dataset;
      if (name) fill(`[data-fill=${name}]`, () => [part.content.cloneNode(true)]);
      if (picture) fill(`:not(template)[data-picture="${picture}"]`, () => [part.content.cloneNode(true)]);
    }
    all("svg[data-qr]:empty").forEach(draw);
  }

  // What only the whole page has: sections for this stay, and the codes inside the text.
  function finish(parts, cards) {
    for (const { dataset, content } of parts) {
      if (dataset.before) document.getElementById(dataset.before)?.before(content);
      if (dataset.into) document.getElementById(dataset.into)?.append(content);
    }
    place(parts, cards);
    for (const span of all("span[data-secret]")) {
      const known = cards.filter((card) => card.dataset.name === span.dataset.secret);
      const values = known.flatMap((card) => all("[data-inline]", card)).map((value) => value.cloneNode(true));
      span.dataset.words = span.textContent;
      if (values[0]) span.replaceChildren(...values.flatMap((value, at) => (at ? [" / ", value] : [value])));
    }
  }

  const whole = () => document.readyState === "loading" && new Promise((go) => addEventListener("DOMContentLoaded", go));

  async function open() {
    let state = "open", stay = {}, cards = [];
    if (!key) state = "whole";
    else if (!globalThis.crypto?.subtle || !globalThis.DecompressionStream) state = "browser";
    else
      try {
        const parts = await both();
        stay = JSON.parse(parts.find((part) => "stay" in part.dataset)?.content.textContent ?? "{}");
        cards = parts.filter((part) => part.dataset.secret).map(({ dataset, content }) => {
          const card = content.firstElementChild, { secret: name, from, until } = dataset;
          return Object.assign(card.dataset, { name, ...(until && { from, until }) }) && card;
        });
        place(parts, cards);
        main.dataset.opened = "";
        delete main.dataset.opening; // curtain.js set it
        await whole();
        finish(parts, cards);
      } catch {
        state = "wrong";
      }
    delete main.dataset.opening;
    if (state !== "open") all("[data-state]").forEach((line) => (line.hidden = line.dataset.state !== state));
    return { state, stay, cards };
  }

  const key = findKey();
  window.guestlink = { slug, language, key, opened: open() };
})();
