// Keeps guests' pages on the phone: asks the network first and shows what was kept when it does not answer.
// One cache for each stay, by path alone. It never sees a key, and leaves /api/, /open and everything else alone.
const PATIENCE = 2000; // milliseconds until the kept page is shown and the answer is waited for behind it
const GRACE = 36 * 3600; // seconds after a departure: without network nobody knows whether the stay was extended
const GATE = /^\/w\/([\w-]{22})$/;
const PAGE = /^\/w\/_\/([\w-]{22})\/([\w-]+)\.html$/;
const SLUG = /^\/w\/(?:_\/)?([\w-]{22})(?![\w-])/;
const SAID = {{ said | tojson }};
const SMALL_PAGE = {{ small_page | tojson }};
const SMALL_POLICY = {{ small_policy | tojson }};
const NOTHING = '<svg xmlns="http://www.w3.org/2000/svg"/>';

const named = (slug) => `guestlink:${slug}`;
const pagePath = (slug, language) => `/w/_/${slug}/${language}.html`;
const isOver = (stay) => stay.departs + GRACE < Date.now() / 1000;
const forgotten = new Set(); // what is still on its way for one of these is not kept any more
let turn = Promise.resolve(); // wishes are met one after another: the first one names the stay
let tidied = false;

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));

addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  const [, slug, language] = PAGE.exec(pathname) ?? GATE.exec(pathname) ?? [];
  if (slug && request.mode === "navigate") event.respondWith(open(event, slug, language));
  if (pathname.startsWith("/assets/") && !request.headers.has("range")) event.respondWith(asset(event, pathname));
});

addEventListener("message", (event) => {
  const { keep: wish, forget: slug, look: which } = event.data;
  if (wish) event.waitUntil((turn = turn.then(() => tidy(wish.slug)).then(() => keep(wish)).catch(() => {})));
  if (slug) event.waitUntil(forget(slug));
  if (which) event.waitUntil(look(which));
});

// -- a page or a gate is opened; at a gate the page itself is shown, in the language that was read last --
async function open(event, slug, language) {
  event.waitUntil(tidy(slug));
  const stay = await kept(slug);
  if (!stay) return fetch(event.request).catch(() => say("away"));
  const wanted = language ?? stay.language;
  const copy = await stay.cache.match(pagePath(slug, wanted));
  const { pathname, search } = new URL(event.request.url);
  const asked = ask(slug, wanted, language && pathname + search).catch(() => ({}));
  const answer = await (copy && !isOver(stay) ? Promise.race([asked, wait(PATIENCE)]) : asked);
  if (answer.late) event.waitUntil(asked.then((found) => renew(slug, found, event.resultingClientId)));
  if (answer.refused) return forget(slug).then(() => say("moved", wanted));
  if (answer.page) {
    event.waitUntil(store(slug, answer.language, answer.page.clone()));
    return answer.page;
  }
  if (answer.other && (!copy || isOver(stay))) return answer.other;
  if (isOver(stay)) return forget(slug).then(() => say("over", wanted));
  return copy ?? say("away", wanted);
}

const wait = (pause) => new Promise((resolve) => setTimeout(resolve, pause, { late: true }));

// The page of a stay: by its own address, or by the one that the gate has now, after a key was rotated.
async function ask(slug, language, address) {
  const first = address ? await fetched(address) : { refused: true };
  if (!first.refused) return { language, ...first };
  const gate = await fetched(`/w/${slug}`);
  if (!gate.page) return gate;
  const html = await gate.page.text();
  const own = /href="(\/w\/_\/[^"]+)"/.exec(html)?.[1].replaceAll("&amp;", "&");
  if (!own && html.includes("og:title")) return { refused: true }; // it says that the link was replaced
  if (!own) return { other: new Response(html, { headers: gate.page.headers }) };
  for (const tag of new Set([language, PAGE.exec(own.split("?")[0])[2]])) {
    const answer = await fetched(own.replace(/[\w-]+(?=\.html)/, tag));
    if (!answer.refused) return { language: tag, ...answer };
  }
  return { refused: true };
}

// Only our own clear word is one: a portal's redirect, another origin and a broken server are `other`.
async function fetched(address) {
  const response = await fetch(address, { redirect: "manual" });
  if (response.type !== "basic") return { other: response };
  if (response.status === 200) return { page: new Response(response.body, { headers: response.headers }) };
  return [403, 404, 410].includes(response.status) ? { refused: true } : { other: response };
}

async function renew(slug, { page, language, refused }, client) {
  if (refused) return forget(slug);
  if (!page || !(await store(slug, language, page))) return;
  if (client) await clients.get(client); // which has just begun to show what was kept
  await tell({ fresh: slug, language });
}

// A page replaces the kept one when everything it loads is kept, too. True when another one was kept before.
async function store(slug, language, page) {
  const path = pagePath(slug, language);
  const html = await page.clone().text();
  const before = await caches.match(path).then((copy) => copy?.text());
  if (html === before) return false;
  const parts = html.match(/\/assets\/[\w./-]+\.(?:js|css|html)\b/g) ?? [];
  await keep({ slug, parts });
  const there = await Promise.all(parts.map((each) => caches.match(each)));
  if (!there.every(Boolean)) return false;
  await put(slug, path, page);
  return Boolean(before);
}

// A phone that has just come back is often not quite back.
async function look({ slug, language }) {
  for (const pause of [0, 2000, 10000]) {
    await wait(pause);
    if (!(await kept(slug))) return;
    const found = await ask(slug, language).catch(() => null);
    if (found) return renew(slug, found);
  }
}

// -- what pages load --
async function asset(event, path) {
  const copy = await caches.match(path);
  if (copy) return copy;
  try {
    const response = await fetch(event.request);
    event.waitUntil(putFor(event.clientId, path, response.clone()));
    return response;
  } catch (error) {
    if (event.request.destination !== "image") throw error;
    return new Response(NOTHING, { headers: { "content-type": "image/svg+xml" } }); // the blurred one shows
  }
}

async function putFor(clientId, path, response) {
  const client = await clients.get(clientId);
  const slug = client && SLUG.exec(new URL(client.url).pathname)?.[1];
  if (slug && response.ok) await put(slug, path, new Response(response.body, { headers: response.headers }));
}

// -- keeping and letting go --
async function kept(slug) {
  if (!(await caches.has(named(slug)))) return null;
  const cache = await caches.open(named(slug));
  const note = await cache.match(`/w/${slug}`);
  return note ? { cache, ...(await note.json()) } : null;
}

// An opened page says what it consists of. The first time nobody has kept that, so all of it is asked for again.
async function keep({ slug, language, departs, parts }) {
  if (departs) {
    forgotten.delete(slug);
    const cache = await caches.open(named(slug));
    await cache.put(`/w/${slug}`, new Response(JSON.stringify({ language, departs })));
  }
  const stay = await kept(slug);
  for (const address of stay ? new Set(parts) : []) {
    const path = new URL(address, location.origin).pathname;
    if (await stay.cache.match(path)) continue;
    const { page } = await fetched(address).catch(() => ({}));
    if (page) await put(slug, path, page);
  }
}

async function put(slug, path, response) {
  const name = named(slug);
  const barred = /no-store/.test(response.headers.get("cache-control")); // a cookie no script can see: none is set here
  if (barred || forgotten.has(slug) || !(await caches.has(name))) return;
  await caches.open(name).then((cache) => cache.put(path, response)).catch(() => {}); // the phone may be full
  if (forgotten.has(slug)) await caches.delete(name);
}

async function forget(slug) {
  forgotten.add(slug);
  await caches.delete(named(slug));
  await tell({ forget: slug });
}

// Other stays that are long over go whenever the worker starts; that of the page being opened is asked for first.
async function tidy(except) {
  if (tidied) return;
  tidied = true;
  for (const name of await caches.keys()) {
    const slug = name.split("guestlink:")[1];
    if (!slug || slug === except) continue;
    const stay = await kept(slug);
    if (!stay || isOver(stay)) await forget(slug);
  }
}

async function tell(message) {
  const pages = await clients.matchAll({ type: "window", includeUncontrolled: true });
  pages.forEach((page) => page.postMessage(message));
}

// -- what the worker says itself: in the language of the page, then in all others --
function say(what, language = navigator.language) {
  const own = Object.keys(SAID).find((tag) => language.split("-")[0] === tag);
  const tags = [...new Set([own ?? "en", ...Object.keys(SAID)])];
  const line = (tag) => `lang="${tag}" dir="${tag === "ar" ? "rtl" : "ltr"}">${SAID[tag][what]}`;
  const lines = tags.map((tag, at) => (at ? `<p ${line(tag)}</p>` : `<h1 ${line(tag)}</h1>`)).join("\n");
  const body = SMALL_PAGE.replace("LINES", () => lines).replace("WHAT", what).replace("LANGUAGE", tags[0]);
  const headers = { "content-type": "text/html; charset=utf-8", "content-security-policy": SMALL_POLICY };
  return new Response(body, { headers });
}
