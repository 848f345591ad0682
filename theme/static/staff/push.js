// Whether this browser tells somebody when something comes, also while the board is closed (Web Push); what opens then.
import { call, ok } from "staff/house.js";
import { say, speak } from "staff/words.js";

const SWITCH = "guestlink:staff:tell";
const PATIENCE = 15000;
const box = document.querySelector("[name=tell]");
const line = document.querySelector("[data-slot=tell-told]");
const worker = navigator.serviceWorker;
const canTell = Boolean(worker && globalThis.PushManager && globalThis.Notification);
const isApple = /iPhone|iPad/.test(navigator.userAgent) || (/Mac/.test(navigator.userAgent) && navigator.maxTouchPoints > 1);

function isOn() {
  try {
    return localStorage.getItem(SWITCH) === "on";
  } catch {
    return false;
  }
}

function remember(yes) {
  try {
    localStorage.setItem(SWITCH, yes ? "on" : "off");
  } catch {}
}

function show(yes, words = "") {
  box.checked = yes;
  speak(line, words);
}

// Somebody is signed in: their browser is told for them, if it was told for whoever was here before.
export async function begin() {
  show(false);
  hush();
  if (!isOn() || !canTell) return undefined;
  if (Notification.permission === "denied") return show(false, say("tell_denied"));
  return Notification.permission === "granted" && show(await subscribe());
}

box.addEventListener("change", async () => {
  box.disabled = true;
  await (box.checked ? turnOn() : turnOff());
  box.disabled = false;
  box.focus();
});

async function turnOn() {
  if (!canTell) return show(false, say(isApple ? "tell_apple" : "tell_never"));
  const permission = await Notification.requestPermission();
  if (permission !== "granted") return show(false, say(permission === "denied" ? "tell_denied" : "tell_not_asked"));
  const isTold = await subscribe();
  if (isTold) remember(true);
  return show(isTold, say(isTold ? "tell_on" : "tell_failed"));
}

async function turnOff() {
  remember(false);
  show(false);
  await call("DELETE", "push/subscription");
  const subscription = await (await ready())?.pushManager.getSubscription();
  await subscription?.unsubscribe().catch(() => {});
}

// The browser's own subscription, made with the house's key, is known to the house; whether it is.
async function subscribe() {
  try {
    const [registration, { status, data }] = await Promise.all([ready(), call("GET", "push/key")]);
    if (!registration || !ok(status)) return false;
    const key = raw(data.key);
    let found = await registration.pushManager.getSubscription();
    if (found && String(new Uint8Array(found.options.applicationServerKey)) !== String(key)) {
      await found.unsubscribe();
      found = null;
    }
    found ??= await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
    const { endpoint, keys } = found.toJSON();
    return ok((await call("PUT", "push/subscription", { endpoint, keys })).status);
  } catch {
    return false;
  }
}

// Where no worker can be kept, none is ever ready.
const ready = () => Promise.race([worker.ready, new Promise((resolve) => setTimeout(resolve, PATIENCE))]);

const raw = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));

// Who looks at the board needs none of what was told before; nor does anybody what is settled.
export async function hush(about) {
  if (!canTell || document.hidden || Notification.permission !== "granted") return;
  try {
    const registration = await worker.getRegistration("/staff/");
    const told = await registration?.getNotifications(about ? { tag: about } : {});
    told?.forEach((notification) => notification.close());
  } catch {
    // A browser that keeps no worker shows nothing either.
  }
}

document.addEventListener("visibilitychange", () => hush());

// What somebody tapped on opens here, when the board was open already.
worker?.addEventListener("message", ({ data }) => data?.opens && (location.hash = data.opens));
worker?.startMessages();
