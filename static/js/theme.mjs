// The choice of colours without leaving the page; the server keeps it in a cookie all the same.
import { ElementError } from "./element-error.mjs";

export function theme(form) {
  const buttons = [...form.querySelectorAll("button[name=theme]")];
  if (!buttons.length) throw new ElementError("theme", "buttons named theme");
  form.addEventListener("submit", async (event) => {
    const chosen = event.submitter;
    if (!chosen) return;
    event.preventDefault();
    const data = new FormData(form);
    data.set("theme", chosen.value);
    document.documentElement.dataset.theme = chosen.value;
    for (const button of buttons) button.setAttribute("aria-pressed", String(button === chosen));
    const answer = await fetch(form.action, { method: "POST", body: data, redirect: "manual" });
    if (answer.type !== "opaqueredirect") location.reload(); // the form was too old: the server says so
  });
}
