// A button beside a digest or a command that copies its text. It is in the page but hidden until this runs.
import { ElementError } from "./element-error.mjs";

const SHOWN_MS = 1500;

export function copyDigest(element) {
  const button = element.querySelector("button");
  const source = element.querySelector("[data-copy]");
  if (!button || !source) throw new ElementError("copy-digest", "a button and [data-copy]");
  if (!navigator.clipboard) return; // only on secure addresses
  const before = button.textContent;
  button.hidden = false;
  button.setAttribute("aria-live", "polite");
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(source.textContent);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = before; }, SHOWN_MS);
  });
}
