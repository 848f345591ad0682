// The board by keyboard: keys count while no field is being written in, and can be switched off (WCAG 2.1.4).
const SWITCH = "guestlink:staff:keys";
const dialog = document.querySelector("#keys");
const box = dialog.querySelector("[name=keys]");

const isOn = () => kept() !== "off";
const isWriting = (target) => target.closest?.("input, textarea, select, dialog, [contenteditable]");

function kept() {
  try {
    return localStorage.getItem(SWITCH);
  } catch {
    return null;
  }
}

box.checked = isOn();
box.addEventListener("change", () => {
  try {
    localStorage.setItem(SWITCH, box.checked ? "on" : "off");
  } catch {}
});
document.querySelector("[data-do=keys]").addEventListener("click", () => dialog.showModal());

// `meanings`: key -> what it does; false when it has nothing to do.
export function listen(meanings) {
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target)) return;
    if (!isOn() || document.querySelector("#board").hidden) return;
    if (event.key === "?") {
      event.preventDefault();
      return dialog.showModal();
    }
    const does = meanings[event.key] ?? meanings[event.key.toLowerCase()];
    if (does && does() !== false) event.preventDefault();
  });
}
