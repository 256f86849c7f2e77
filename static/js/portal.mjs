// Starts one module for each [data-module]; everything on the pages works without them.
import { copyDigest } from "./copy-digest.mjs";
import { lineSelect } from "./line-select.mjs";
import { keyboardNav } from "./keyboard-nav.mjs";

const modules = { "copy-digest": copyDigest, "line-select": lineSelect, "keyboard-nav": keyboardNav };

for (const element of document.querySelectorAll("[data-module]")) {
  for (const name of element.dataset.module.split(" ")) {
    const start = modules[name];
    if (!start) throw new Error(`no module ${name}`);
    start(element);
  }
}
