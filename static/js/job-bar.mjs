// One running job in a list: asks for its progress every few seconds; when the work has ended, the page is asked for again.
import { ElementError } from "./element-error.mjs";

const EVERY_MS = 3000;
const AFTER_TROUBLE_MS = 10000;

export function jobBar(element) {
  const bar = element.querySelector("progress");
  const step = element.querySelector("[data-part=step]");
  const address = element.dataset.address;
  if (!address || !bar || !step) throw new ElementError("job-bar", "an address, a bar and the part step");

  const ask = async () => {
    try {
      const answer = await fetch(address, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const job = await answer.json();
      if (job.ended) {
        location.reload();
        return;
      }
      step.textContent = job.step || "Waits for a worker.";
      if (job.archiveSize) {
        bar.max = job.archiveSize;
        bar.value = Math.min(job.archiveBytes, job.archiveSize);
      }
      setTimeout(ask, EVERY_MS);
    } catch {
      setTimeout(ask, AFTER_TROUBLE_MS);
    }
  };
  setTimeout(ask, EVERY_MS);
}
