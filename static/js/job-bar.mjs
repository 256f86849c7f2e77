// One running job in a list: asks for its progress every few seconds; when the work has ended, the page is asked for again.
import { ElementError } from "./element-error.mjs";
import { showBar, watchJob } from "./watch-job.mjs";

export function jobBar(element) {
  const bar = element.querySelector("progress");
  const step = element.querySelector("[data-part=step]");
  const address = element.dataset.address;
  if (!address || !bar || !step) throw new ElementError("job-bar", "an address, a bar and the part step");

  watchJob(address, (job) => {
    step.textContent = job.step || "Waits for a worker.";
    if (job.archiveSize) showBar(bar, job);
  }, { everyMs: 3000, afterTroubleMs: 10000 });
}
