// How a conversation is spoken of: with whom, what was said last, in which language, at what price, on which day.
import { locale, plain, say } from "staff/words.js";

const day = new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long" });
const near = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
const tongues = new Intl.DisplayNames(locale, { type: "language" });
const KINDS = ["image", "video", "audio", "document", "sticker", "location", "contacts", "reaction", "revoke", "edit", "file"];
const A_DAY = 86400000;

// Texts of others beside each other, each in its own direction.
export const apart = (text) => text && `\u2068${plain(text)}\u2069`;

// A guest by name; of somebody unknown the name that they gave themselves, and the number.
export function whose({ who }) {
  if (who.contact_id) return apart(who.name || who.phone || who.email);
  const name = who.name && say("calls_themselves", { name: who.name });
  return [name, apart(who.phone || who.email)].filter(Boolean).join(" ") || say("somebody");
}

// What has no words is called by its kind.
export function kindOf({ kind, text, media }) {
  if (media?.is_voice) return say("kind_voice");
  if (KINDS.includes(kind)) return say(`kind_${kind}`);
  return text ? "" : say("kind_else");
}

export function wordsOf(last) {
  if (!last) return "";
  const named = kindOf(last);
  const words = [last.kind === "edit" ? "" : named, last.text.replace(/(^|\s)\*([^\s*][^*]*)\*/g, "$1$2")].filter(Boolean).join(": ");
  if (last.direction === "in") return plain(words);
  return say(last.automatic ? "last_automatic" : "last_ours", { words });
}

export function tongue(tag) {
  try {
    return tag ? tongues.of(tag) : "";
  } catch {
    return "";
  }
}

// Millionths of a currency.
export function price(millionths, currency) {
  return new Intl.NumberFormat(locale, { style: "currency", currency, maximumFractionDigits: 4 }).format(millionths / 1e6);
}

const midnight = (moment) => new Date(moment.getFullYear(), moment.getMonth(), moment.getDate());

// `Today`, `Yesterday`, then the day by name.
export function dayOf(at) {
  const moment = new Date(at);
  const away = Math.round((midnight(moment) - midnight(new Date())) / A_DAY);
  if (away < -1 || away > 0) return day.format(moment);
  const words = near.format(away, "day");
  return words.charAt(0).toLocaleUpperCase(locale) + words.slice(1);
}

const units = ["kilobyte", "megabyte"];

// `240 kB`, `1.2 MB`.
export function weight(bytes) {
  const [large, small] = [bytes / 1e6, bytes / 1e3];
  const [n, unit] = large >= 1 ? [large, units[1]] : [Math.max(1, Math.round(small)), units[0]];
  return new Intl.NumberFormat(locale, { style: "unit", unit, maximumFractionDigits: 1 }).format(n);
}
