// The page of a running job: asks for its progress every second, and for the whole page once the work has ended.
import { ElementError } from "./element-error.mjs";
import { showBar, watchJob } from "./watch-job.mjs";

const number = (value) => value.toLocaleString("en-GB");

export function jobProgress(element) {
  const part = (name) => element.querySelector(`[data-part=${name}]`);
  const [bar, step, elapsed, members, bytes, log] =
    ["bar", "step", "elapsed", "members", "bytes", "log"].map(part);
  const address = element.dataset.address;
  if (!address || !bar || !step || !elapsed || !members || !bytes || !log) {
    throw new ElementError("job-progress", "an address and the parts bar, step, elapsed, members, bytes and log");
  }
  let last = log.dataset.last ?? "";

  const show = (job) => {
    if (step.textContent !== job.step) step.textContent = job.step || "Waits for a worker.";
    elapsed.textContent = job.elapsed;
    members.textContent = number(job.members);
    bytes.textContent = number(job.bytes);
    if (job.archiveSize) showBar(bar, job);
    else bar.removeAttribute("value");
    const newest = JSON.stringify(job.log.at(-1) ?? "");
    if (newest === last) return;
    last = newest;
    log.replaceChildren(...job.log.map((line) => {
      const item = document.createElement("li");
      const when = document.createElement("time");
      when.dateTime = line.at;
      when.textContent = line.at.slice(11, 19);
      const said = document.createElement("bdi");
      said.textContent = line.text;
      item.append(when, " ", said);
      return item;
    }));
  };

  watchJob(address, show, { everyMs: 1000, afterTroubleMs: 5000 });
}
