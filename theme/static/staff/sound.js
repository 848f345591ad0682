// A sound when something comes, made here: two soft notes for what is new, four for what is urgent, and those again each
// minute until somebody has it.
import { say, speak } from "staff/words.js";

const SWITCH = "guestlink:staff:sound";
const LAST = "guestlink:staff:sounded"; // when something urgent sounded last, in whichever tab
const AGAIN = 60000; // milliseconds
const LOOK = 5000;
const TOGETHER = 1500; // all tabs hear of it within this time, and one of them sounds
const LOCK = "guestlink-staff-sound";
const NOTES = { fresh: [[0, 660], [0.2, 880]], urgent: [[0, 880], [0.18, 660], [0.36, 880], [0.54, 660]] }; // seconds, hertz
const LENGTH = 0.5; // of a note
const LOUD = { fresh: 0.12, urgent: 0.25 };
const box = document.querySelector("[name=sound]");
const lines = document.querySelectorAll("[data-slot=sound-told]");
const Audio = globalThis.AudioContext ?? globalThis.webkitAudioContext;
let context;

const pause = (time) => new Promise((resolve) => setTimeout(resolve, time));
const tell = (words) => lines.forEach((line) => speak(line, words));

function read(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

function write(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {}
}

const isOn = () => read(SWITCH) === "on";
const canSound = () => context?.state === "running";

// A browser lets a page sound that was touched once.
async function wake() {
  if (!isOn() || !Audio || canSound()) return;
  context ??= new Audio();
  await context.resume().catch(() => {});
  if (canSound()) tell("");
}

for (const touch of ["pointerup", "keydown"]) addEventListener(touch, wake, { capture: true, passive: true });

box.addEventListener("change", async () => {
  write(SWITCH, box.checked ? "on" : "off");
  if (!box.checked) return tell("");
  if (!Audio) return tell(say("sound_never"));
  await wake();
  return canSound() ? ring("fresh") : tell(say("sound_blocked"));
});

// `isUrgent` says whether something urgent waits that nobody has.
export function begin(isUrgent) {
  box.checked = isOn();
  if (isOn() && !canSound()) tell(say(Audio ? "sound_blocked" : "sound_never"));
  clearInterval(watch);
  watch = setInterval(() => isUrgent() && Date.now() - Number(read(LAST)) >= AGAIN && play("urgent"), LOOK);
}

let watch;

export function end() {
  clearInterval(watch);
  tell("");
}

// `fresh` or `urgent`, in one tab of those that are open.
export async function play(name) {
  if (!isOn() || !Audio) return undefined;
  if (!canSound()) return tell(say("sound_blocked"));
  if (!navigator.locks) return ring(name);
  return navigator.locks.request(LOCK, { ifAvailable: true }, async (lock) => {
    if (!lock) return;
    ring(name);
    await pause(TOGETHER);
  });
}

function ring(name) {
  if (name === "urgent") write(LAST, String(Date.now()));
  for (const [after, pitch] of NOTES[name]) note(context.currentTime + after, pitch, LOUD[name]);
}

function note(at, pitch, loud) {
  const [voice, volume] = [context.createOscillator(), context.createGain()];
  voice.type = "sine";
  voice.frequency.value = pitch;
  volume.gain.setValueAtTime(0.0001, at);
  volume.gain.exponentialRampToValueAtTime(loud, at + 0.03);
  volume.gain.exponentialRampToValueAtTime(0.0001, at + LENGTH);
  voice.connect(volume).connect(context.destination);
  voice.start(at);
  voice.stop(at + LENGTH);
}
