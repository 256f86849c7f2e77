// Starts one module for each [data-module]; everything on the pages works without them.
import { copyDigest } from "./copy-digest.mjs";
import { deliver } from "./deliver.mjs";
import { dropFile } from "./drop-file.mjs";
import { jobBar } from "./job-bar.mjs";
import { jobProgress } from "./job-progress.mjs";
import { jumpBox } from "./jump-box.mjs";
import { keyboardNav } from "./keyboard-nav.mjs";
import { lineSelect } from "./line-select.mjs";
import { passkey } from "./passkey.mjs";
import { theme } from "./theme.mjs";

const modules = {
  "copy-digest": copyDigest,
  deliver,
  "drop-file": dropFile,
  "job-bar": jobBar,
  "job-progress": jobProgress,
  "jump-box": jumpBox,
  "keyboard-nav": keyboardNav,
  "line-select": lineSelect,
  passkey,
  theme,
};

for (const element of document.querySelectorAll("[data-module]")) {
  const start = modules[element.dataset.module];
  if (!start) throw new Error(`no module ${element.dataset.module}`);
  start(element);
}
