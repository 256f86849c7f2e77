// Whether the person turned single keys off; kept in this browser.
const NAME = "keys";

export function keysAreOff() {
  return localStorage.getItem(NAME) === "off";
}

export function turnKeys(off) {
  localStorage.setItem(NAME, off ? "off" : "on");
}

// A key that is meant for the page: alone, not while somebody types, not taken by another module.
export function isForPage(event) {
  if (keysAreOff() || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return false;
  return !event.target.closest("input, textarea, select");
}
