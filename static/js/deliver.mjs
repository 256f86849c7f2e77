// The form of a delivery: its archive, or each file of a source, goes up in pieces first, then the form itself, which names what has
// arrived. Without this, or where a browser cannot compute digests, the form takes the files whole.
import { ElementError } from "./element-error.mjs";
import { Stopped } from "./portal-request.mjs";
import { UploadProgress } from "./upload-progress.mjs";
import { Upload } from "./upload.mjs";

export function deliver(form) {
  const archive = form.querySelector("input[name=archive], input[name=source_files]"); // the second takes several
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

  const known = (file) => [...document.querySelectorAll("[data-upload]")]
    .filter((row) => row.dataset.name === file.name && Number(row.dataset.size) === file.size)
    .map((row) => row.dataset.address);

  const lock = (locked) => {
    for (const field of [archive, ...buttons]) field.disabled = locked;
  };

  const sendOne = async (file) => {
    upload = new Upload(file, {
      begin: form.dataset.begin,
      token: token.value,
      tell: (received, trouble) => progress.show(received, trouble),
      begun: (address) => begun.unshift(address),
    });
    progress.begin(file);
    const done = await upload.run([...begun, ...known(file)]);
    progress.done();
    return done.id;
  };

  const send = async (files) => {
    lock(true);
    try {
      const arrived = [];
      for (const file of files) arrived.push(await sendOne(file));
      handIn(arrived);
    } catch (error) {
      lock(false);
      progress.ended(error instanceof Stopped ? "Paused. What has arrived stays." : error.message);
    } finally {
      upload = null;
    }
  };

  // The form itself, without the files' bytes: `stored` names what has arrived. Of a source, what was ticked stays chosen.
  const handIn = (arrived) => {
    for (const choice of form.querySelectorAll("input[name=stored]")) choice.disabled = !archive.multiple || arrived.includes(choice.value);
    for (const identity of arrived) {
      const field = document.createElement("input");
      field.type = "hidden";
      field.name = "stored";
      field.value = identity;
      form.append(field);
    }
    lock(false);
    archive.disabled = true;
    form.requestSubmit(submitter);
  };

  form.addEventListener("submit", (event) => {
    const files = archive.disabled ? [] : [...archive.files];
    if (!files.length || files.some((file) => file.size === 0)) return; // nothing to send first: the portal says what is missing
    event.preventDefault();
    if (upload || !form.reportValidity()) return;
    submitter = event.submitter ?? buttons[0];
    send(files);
  });

  pause.addEventListener("click", () => {
    if (upload) upload.stop();
    else form.requestSubmit(submitter);
  });
}
