// A file that is dropped anywhere on the form is chosen in its file field. The field and the button work without this.
import { ElementError } from "./element-error.mjs";

export function dropFile(form) {
  const field = form.querySelector("input[type=file]");
  if (!field) throw new ElementError("drop-file", "a file field");
  const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
  const mark = (over) => form.classList.toggle("is-over", over);
  form.addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    mark(true);
  });
  form.addEventListener("dragleave", (event) => { if (!form.contains(event.relatedTarget)) mark(false); });
  form.addEventListener("drop", (event) => {
    mark(false);
    if (!carriesFiles(event) || event.dataTransfer.files.length !== 1) return;
    event.preventDefault();
    field.files = event.dataTransfer.files;
    field.focus();
  });
}
