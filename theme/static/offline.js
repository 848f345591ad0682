// Keeps an opened page on the phone, offers a newer one, and lets everything go when the stay is over.
const { slug, language, key, opened } = window.guestlink;
const main = document.querySelector("main");
const workers = navigator.serviceWorker;
const address = location.pathname.startsWith("/w/_/") ? location.pathname + location.search : "";
const GRACE = 36 * 3600; // seconds; the worker's own
const LOOK = 600000; // an open page asks for a newer one at most every ten minutes
const APPS = /FBA[NV]|FB_IAB|Instagram|WhatsApp|MicroMessenger|\bLine\/|Snapchat|TikTok|musical_ly|Twitter|LinkedInApp|Pinterest|; wv\)/i;
let over = false;
let looked = navigator.onLine ? Date.now() : 0;

// -- what this phone remembers of a stay; a browser that keeps nothing remembers nothing --
function storage(work) {
  try {
    return work(localStorage);
  } catch {}
}

const remember = (name, value) => storage((kept) => kept.setItem(`guestlink:${slug}:${name}`, value));

// What waits to be sent outlives the stay: desk.js sends it when it can.
function clear(which, but = "none") {
  storage((kept) => {
    for (const name of Object.keys(kept))
      if (name.startsWith(`guestlink:${which}:`) && !name.includes(`:${but}`)) kept.removeItem(name);
  });
  if (which === slug) document.querySelector("link[rel=manifest]")?.remove();
}

function clearOthers() {
  storage((kept) => {
    for (const [name, departs] of Object.entries(kept)) {
      const other = /^guestlink:(.*):departs$/.exec(name)?.[1];
      if (other && other !== slug && +departs + GRACE < Date.now() / 1000) clear(other);
    }
  });
}

// -- the installed page: its name, its letter, its own short link --
function icon(letter) {
  const edge = 256;
  const canvas = Object.assign(document.createElement("canvas"), { width: edge, height: edge });
  const pen = canvas.getContext("2d");
  pen.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--accent") || "#7a5c3e";
  pen.fillRect(0, 0, edge, edge);
  pen.fillStyle = "#fff";
  pen.font = `${edge / 2}px ui-serif, Georgia, serif`;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.fillText(letter, edge / 2, edge * 0.53);
  return canvas.toDataURL();
}

function link(rel, href) {
  document.head.append(Object.assign(document.createElement("link"), { rel, href }));
}

function offerInstall(home) {
  const name = document.title;
  const src = icon([...name][0] ?? "");
  const colour = document.querySelector("meta[name=theme-color]")?.content;
  const manifest = {
    name,
    short_name: name,
    start_url: home,
    scope: new URL("/w/", home).href,
    display: "standalone",
    lang: document.documentElement.lang,
    dir: document.documentElement.dir,
    theme_color: colour,
    background_color: colour,
    icons: [{ src, sizes: "256x256", type: "image/png", purpose: "any maskable" }],
  };
  link("manifest", "data:application/manifest+json," + encodeURIComponent(JSON.stringify(manifest)));
  link("apple-touch-icon", src);
}

// -- the worker --
async function send(message) {
  (await workers?.getRegistration("/w/"))?.active?.postMessage(message);
}

const parts = (addresses) =>
  addresses.map((each) => new URL(each)).filter((each) => each.origin === location.origin && each.pathname.startsWith("/assets/")).map((each) => each.pathname);

async function keep(departs) {
  await workers.register("/w/sw.js", { scope: "/w/" });
  await workers.ready;
  if (over) return;
  const first = [...(address ? [address] : []), ...parts([document.querySelector("link[rel=icon]").href])];
  await send({ keep: { slug, language, departs, parts: first } });
  const loaded = (list) => over || send({ keep: { slug, parts: parts(list.getEntries().map((each) => each.name)) } });
  new PerformanceObserver(loaded).observe({ type: "resource", buffered: true });
}

function look() {
  if (over || document.hidden || !navigator.onLine || Date.now() - looked < LOOK) return;
  looked = Date.now();
  send({ look: { slug, language } });
}

function back() {
  looked = 0; // the kept page may be an old one
  look();
}

// -- what the page says about itself, in the flow of the page: it covers nothing --
const words = () =>
  new Promise((go) => {
    if (window.guestlink.words) go(window.guestlink.words);
    else addEventListener("guestlink:sheet", () => go(window.guestlink.words), { once: true });
  });

function button(text, action) {
  const it = Object.assign(made("button", "", text), { type: "button" });
  it.addEventListener("click", () => action(it));
  return it;
}

function made(name, className, ...inside) {
  const element = Object.assign(document.createElement(name), { className });
  element.append(...inside);
  return element;
}

function say(text, ...buttons) {
  const line = made("div", "notice");
  line.setAttribute("role", "status");
  main.prepend(line);
  line.append(made("div", "", made("p", "", text), made("p", "actions", ...buttons)));
  return line;
}

let offered = false;
async function offerFresh() {
  if (offered) return;
  offered = true;
  const { fresh, reload } = await words();
  say(fresh, button(reload, () => location.reload()));
}

async function sayElsewhere() {
  if (storage((kept) => kept[`guestlink:${slug}:told`])) return;
  remember("told", "yes");
  const { in_app: elsewhere, copy_link: copy, copied, close } = await words();
  const copyLink = (it) =>
    navigator.clipboard.writeText(location.href).then(() => (it.textContent = copied), () => it.replaceWith(location.href));
  const line = say(elsewhere, button(copy, copyLink), button(close, () => line.remove()));
}

// -- opening --
function leave() {
  over = true;
  clear(slug, "queue");
  send({ forget: slug });
}

async function stay({ departs }) {
  const home = `${location.origin}/w/${slug}#${key}`;
  remember("key", key);
  remember("departs", departs);
  history.replaceState(history.state, "", home);
  if (document.readyState !== "complete") await new Promise((go) => addEventListener("load", go, { once: true }));
  clearOthers();
  const keeps = await keep(departs).then(() => true, () => false); // no worker here, or none that may work
  if (!keeps || APPS.test(navigator.userAgent)) sayElsewhere();
  (window.requestIdleCallback ?? setTimeout)(() => offerInstall(home)); // drawing an icon can wait
}

workers?.addEventListener("message", ({ data }) => {
  if (data.forget) clear(data.forget);
  if (data.forget === slug) over = true;
  if (data.fresh === slug && data.language === language) offerFresh();
});
workers?.startMessages();
addEventListener("visibilitychange", look);
addEventListener("online", back);
addEventListener("pagehide", () => over && clear(slug, "queue"));

opened.then((found) => found.state === "open" && (found.stay.phase === "departed" ? leave() : stay(found.stay)));
