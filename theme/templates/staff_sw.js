// Keeps the staff board's own files, so that it opens without a connection; it never sees the API.
const CACHE = "guestlink-staff-files";
const PATIENCE = 3000; // milliseconds until the kept page is shown
const PAGE = /^\/staff\/(?:[a-z]{2}\.html)?$/;
const FILES = {{ files | tojson }};
const ICON = {{ icon | tojson }};

addEventListener("install", (event) => {
  event.waitUntil(keepFiles().catch(() => {}));
  skipWaiting();
});
addEventListener("activate", (event) => event.waitUntil(tidy().then(() => clients.claim())));

addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (request.mode === "navigate" && PAGE.test(pathname)) event.respondWith(page(event, pathname));
  else if (FILES.includes(pathname)) event.respondWith(file(pathname));
});

async function keepFiles() {
  const cache = await caches.open(CACHE);
  await cache.addAll(FILES);
}

async function tidy() {
  const cache = await caches.open(CACHE);
  for (const { url } of await cache.keys()) {
    const { pathname } = new URL(url);
    if (!PAGE.test(pathname) && !FILES.includes(pathname)) await cache.delete(url);
  }
}

// The page from the network, kept by its path alone: what follows ? and # is nobody's business.
async function page(event, pathname) {
  const cache = await caches.open(CACHE);
  const copy = await cache.match(pathname);
  try {
    const answer = await fetch(pathname, { signal: copy && AbortSignal.timeout(PATIENCE), cache: "no-cache", redirect: "error" });
    if (answer.ok) event.waitUntil(cache.put(pathname, answer.clone()));
    return answer.status >= 500 && copy ? copy : answer;
  } catch (error) {
    if (copy) return copy;
    throw error;
  }
}

async function file(pathname) {
  const cache = await caches.open(CACHE);
  const copy = await cache.match(pathname);
  if (copy) return copy;
  const answer = await fetch(pathname);
  if (answer.ok) await cache.put(pathname, answer.clone());
  return answer;
}

// -- what the house tells while nobody looks -----------------------------------------------------------
const MUST_SHOW = /AppleWebKit/.test(navigator.userAgent) && !/Chrom/.test(navigator.userAgent); // or Safari takes the permission away

addEventListener("push", (event) => {
  const note = event.data?.json();
  if (note) event.waitUntil(tell(note));
});

// Whoever has the board before them sees it there; what is urgent is told all the same.
async function tell({ title, body, about, urgent, lang, dir }) {
  const isSeen = (await boards()).some((board) => board.visibilityState === "visible");
  if (isSeen && !urgent && !MUST_SHOW) return;
  await registration.showNotification(title, {
    body, lang, dir, tag: about, renotify: !isSeen, silent: isSeen, requireInteraction: urgent, icon: ICON, badge: ICON, data: { about },
  });
  if (!isSeen) await navigator.setAppBadge?.().catch(() => {});
}

addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(lead(event.notification.data.about));
});

async function lead(about) {
  const [board] = await boards();
  if (!board) return clients.openWindow(`/staff/#${about}`);
  await board.focus().catch(() => {});
  return board.postMessage({ opens: about });
}

const boards = async () => (await clients.matchAll({ type: "window", includeUncontrolled: true })).filter(({ url }) => PAGE.test(new URL(url).pathname));
