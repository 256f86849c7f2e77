// Asks for a job's progress again and again; when the work has ended, the page is asked for anew.

export function watchJob(address, show, { everyMs, afterTroubleMs }) {
  const ask = async () => {
    try {
      const answer = await fetch(address, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const job = await answer.json();
      if (job.ended) {
        location.reload();
        return;
      }
      show(job);
      setTimeout(ask, everyMs);
    } catch {
      setTimeout(ask, afterTroubleMs); // a server that restarts is no news; the page still shows what it showed
    }
  };
  setTimeout(ask, everyMs);
}

export function showBar(bar, job) {
  bar.max = job.archiveSize;
  bar.value = Math.min(job.archiveBytes, job.archiveSize);
}
