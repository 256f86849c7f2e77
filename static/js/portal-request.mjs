// Asks the portal from a script, again and again while it is only weather. Refusals are errors with a sentence, a code and what was expected.

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30000;
const WEATHER = new Set([408, 425, 429, 500, 502, 503, 504]);
const BUSY = "upload-busy";
const TOO_OLD = 403;
const WORDS = {
  "session-ended": "You are no longer signed in. Sign in in another window, then go on here.",
  "upload-quota": "Too much of yours is on its way or waits. Discard something above, or deliver it.",
  "object-too-large": "This file is larger than is taken here.",
  "disk-full": "There is no room on the disk of the centre. Tell its operator.",
};

export class Refused extends Error {
  constructor(status, { code = "", expected = "" } = {}) {
    const old = status === TOO_OLD && !code; // the form's own token, not an answer of ours
    super(WORDS[code] ?? (old ? "This page is too old. Load it anew; what has arrived stays." : `The portal refused it: ${code || status}.`));
    this.code = code;
    this.expected = expected;
  }
}

export class Stopped extends Error {}

// `tell(words)` is called while an answer is waited for; `signal` stops it at once.
export async function ask(address, { method, body, headers, token, signal, tell }) {
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    const answer = await once(address, { method, body, signal, headers: { ...headers, Accept: "application/json", "X-CSRFToken": token } });
    const found = answer ? await answer.json().catch(() => ({})) : {};
    if (answer?.ok) return found;
    if (answer && !WEATHER.has(answer.status) && found.error?.code !== BUSY) throw new Refused(answer.status, found.error);
    tell(answer ? "The portal is busy; waiting." : "No connection; waiting.");
    await wait(pause, signal);
  }
}

async function once(address, request) {
  if (request.signal.aborted) throw new Stopped();
  try {
    return await fetch(address, { ...request, redirect: "error", cache: "no-store" });
  } catch (error) {
    if (request.signal.aborted) throw new Stopped();
    if (error instanceof TypeError) return null; // no connection
    throw error;
  }
}

function wait(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => { clearTimeout(timer); reject(new Stopped()); }, { once: true });
  });
}
