// What the board says, in the language of its page; moments as people say them there. Names and texts of others stand apart from the sentence around them.
const held = JSON.parse(document.querySelector("template[data-words]").content.textContent);
const { lang } = document.documentElement;
export const locale = lang === "en" ? "en-GB" : lang;
const TURNS = /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g; // a stranger's text may turn nothing but itself
const MINUTE = 60;

export const plain = (text) => String(text ?? "").replace(TURNS, "");

export function say(name, values = {}) {
  return (held[name] ?? "").replace(/\{(\w+)\}/g, (hole, key) => (key in values ? `\u2068${plain(values[key])}\u2069` : hole));
}

const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });
const far = new Intl.DateTimeFormat(locale, { weekday: "short", hour: "2-digit", minute: "2-digit" });

// `14:02`, with the day when it was another one.
export function time(at) {
  const moment = new Date(at);
  const isToday = moment.toDateString() === new Date().toDateString();
  return (isToday ? clock : far).format(moment);
}

const dates = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", year: "numeric" });

// `3 Nov 2026`.
export const date = (at) => dates.format(new Date(at));

// How long ago: `now`, then a span.
export function age(at) {
  const past = Date.now() - new Date(at);
  return past < 60000 ? say("now") : span(past);
}

// `15:00` of a house, as people say it here.
export const hour = (text) => (text ? clock.format(new Date(`2000-01-01T${text}`)) : "");

// `12 min`, `3 hr`, `2 days`.
export function span(milliseconds) {
  const minutes = Math.floor(milliseconds / 60000);
  if (minutes < 2 * MINUTE) return count(minutes, "minute");
  if (minutes < 48 * MINUTE) return count(Math.floor(minutes / MINUTE), "hour");
  return count(Math.floor(minutes / MINUTE / 24), "day");
}

function count(n, unit) {
  return new Intl.NumberFormat(lang, { style: "unit", unit, unitDisplay: "short" }).format(n);
}

export function money(minor, currency) {
  const format = new Intl.NumberFormat(locale, { style: "currency", currency });
  return format.format(minor / 10 ** format.resolvedOptions().maximumFractionDigits);
}

// A copy of a part of the page, its places by name.
export function part(name) {
  return document.querySelector(`template[data-part="${name}"]`).content.firstElementChild.cloneNode(true);
}

export const at = (root, name) => root.querySelector(`[data-of="${name}"]`);

// What others wrote.
export function put(node, text) {
  const words = plain(text);
  if (node.textContent !== words) node.textContent = words;
  node.hidden = !words;
}

// A sentence of ours; what stands in it of others was made harmless by `say`.
export function speak(node, words) {
  if (node.textContent !== words) node.textContent = words;
  node.hidden = !words;
}

// The same where marks between words would be read or searched: names of buttons and choices.
export const label = (name, values) => say(name, values).replace(/[\u2068\u2069]/g, "");

let heard;

// What a screen reader says when it has time.
export function announce(words) {
  clearTimeout(heard);
  const line = document.querySelector("[data-slot=heard]");
  line.textContent = line.textContent ? `${line.textContent} ${words}` : words;
  heard = setTimeout(() => line.replaceChildren(), 5000);
}
