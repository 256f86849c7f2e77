// Choose a line number, shift-choose another, or use j and k: the region goes into the address and into the form's fields. r leads to a reply.
import { ElementError } from "./element-error.mjs";
import { isForPage } from "./keys-off.mjs";

const STEPS = { j: 1, J: 1, k: -1, K: -1 };

export function lineSelect(table) {
  const rows = new Map([...table.querySelectorAll("tr[id^=L]")].map((row) => [Number(row.id.slice(1)), row]));
  if (!rows.size) throw new ElementError("line-select", "rows with ids L1, L2, …");
  const numbers = [...rows.keys()];
  const [lowest, highest] = [numbers[0], numbers[numbers.length - 1]];
  const asked = /^([0-9]+)(?:-([0-9]+))?/.exec(new URL(location.href).searchParams.get("lines") ?? "");
  let first = asked ? Number(asked[1]) : null;
  let last = asked ? Number(asked[2] ?? asked[1]) : null; // where the selection grows: before `first` or after it
  const said = document.querySelector("[data-selection]");

  const select = (from, to) => {
    const [start, end] = [Math.min(from, to), Math.max(from, to)];
    [first, last] = [from, to];
    for (const body of table.tBodies) body.classList.remove("is-selected");
    for (const [number, row] of rows) row.classList.toggle("is-selected", number >= start && number <= end);
    for (const field of document.querySelectorAll("[data-line-start]")) field.value = start;
    for (const field of document.querySelectorAll("[data-line-end]")) field.value = end;
    if (said) said.textContent = start === end ? `Line ${start} is selected.` : `Lines ${start} to ${end} are selected.`;
    const address = new URL(location.href);
    for (const name of ["part", "deleted"]) address.searchParams.delete(name);
    address.searchParams.set("lines", start === end ? String(start) : `${start}-${end}`);
    address.hash = "";
    history.replaceState(null, "", address);
  };

  const step = (key) => {
    const next = Math.min(Math.max((last ?? lowest - STEPS[key]) + STEPS[key], lowest), highest);
    select(key === key.toUpperCase() && first !== null ? first : next, next);
    rows.get(next).scrollIntoView({ block: "nearest" });
  };

  const reply = () => {
    const links = [...table.querySelectorAll("a[data-reply]")];
    const link = links.find((each) => Number(each.dataset.reply) >= (first ?? lowest)) ?? links[0];
    link?.closest("details")?.setAttribute("open", "");
    link?.focus();
  };

  document.addEventListener("keydown", (event) => {
    if (!isForPage(event)) return;
    if (event.key in STEPS) step(event.key);
    else if (event.key === "r") reply();
    else return;
    event.preventDefault();
  });

  table.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-line]");
    if (!link || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const number = Number(link.dataset.line);
    if (event.shiftKey && first !== null) getSelection()?.removeAllRanges();
    select(event.shiftKey && first !== null ? first : number, number);
  });
}
