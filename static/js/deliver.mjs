// The form of a delivery: its archive goes up in pieces first, then the form itself, which names what has arrived.
// Without this, or where a browser cannot compute digests, the form takes the archive whole.
import { ElementError } from "./element-error.mjs";
import { Stopped } from "./portal-request.mjs";
import { UploadProgress } from "./upload-progress.mjs";
import { Upload } from "./upload.mjs";

export function deliver(form) {
  const archive = form.querySelector("input[name=archive]");
  const token = form.querySelector("input[name=csrfmiddlewaretoken]");
  const card = form.querySelector("[data-part=card]");
  const buttons = form.querySelectorAll("[data-part=buttons] button");
  if (!archive || !token || !card || !buttons.length || !form.dataset.begin) {
    throw new ElementError("deliver", "a token, an archive, buttons, a card and where to begin");
  }
  if (!globalThis.crypto?.subtle) return; // only on secure addresses
  const progress = new UploadProgress(card);
  const pause = card.querySelector("[data-part=pause]");
  const begun = []; // addresses of uploads that this page began
  let upload = null;
  let submitter = null;

  const known = (file) => [...document.querySelectorAll("[data-upload][data-state=receiving]")]
    .filter((row) => row.dataset.name === file.name && Number(row.dataset.size) === file.size)
    .map((row) => row.dataset.address);

  const lock = (locked) => {
    for (const field of [archive, ...buttons]) field.disabled = locked;
  };

  const send = async (file) => {
    upload = new Upload(file, {
      begin: form.dataset.begin,
      token: token.value,
      tell: (received, trouble) => progress.show(received, trouble),
      begun: (address) => begun.unshift(address),
    });
    lock(true);
    progress.begin(file);
    try {
      const done = await upload.run([...begun, ...known(file)]);
      progress.done();
      handIn(done.id);
    } catch (error) {
      lock(false);
      progress.ended(error instanceof Stopped ? "Paused. What has arrived stays." : error.message);
    } finally {
      upload = null;
    }
  };

  // The form itself, without the archive's bytes: `stored` names what has arrived.
  const handIn = (identity) => {
    for (const choice of form.querySelectorAll("input[name=stored]")) choice.disabled = true;
    const field = document.createElement("input");
    field.type = "hidden";
    field.name = "stored";
    field.value = identity;
    form.append(field);
    lock(false);
    archive.disabled = true;
    form.requestSubmit(submitter);
  };

  form.addEventListener("submit", (event) => {
    const file = archive.disabled ? null : archive.files[0];
    if (!file || file.size === 0) return; // nothing to send first: the portal says what is missing
    event.preventDefault();
    if (upload || !form.reportValidity()) return;
    submitter = event.submitter ?? buttons[0];
    send(file);
  });

  pause.addEventListener("click", () => {
    if (upload) upload.stop();
    else form.requestSubmit(submitter);
  });
}
