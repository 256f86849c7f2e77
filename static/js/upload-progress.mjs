// What people see of an upload: a bar, bytes, speed, time left, and now and then a sentence for those who listen.
import { ElementError } from "./element-error.mjs";

const SPEED_OVER_MS = 8000;
const MIB = 1024 * 1024;
const SAY_EVERY_PERCENT = 10;
const PARTS = ["name", "said", "bar", "arrived", "speed", "left", "pause"];

const mib = (bytes) => `${(bytes / MIB).toLocaleString("en-GB", { minimumFractionDigits: 1, maximumFractionDigits: 1 })} MiB`;

function duration(seconds) {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export class UploadProgress {
  constructor(card) {
    this.card = card;
    this.part = Object.fromEntries(PARTS.map((name) => [name, card.querySelector(`[data-part=${name}]`)]));
    if (!PARTS.every((name) => this.part[name])) throw new ElementError("upload-progress", PARTS.join(", "));
  }

  begin(file) {
    this.size = file.size;
    this.seen = [];
    this.announced = -1;
    this.part.name.textContent = file.name;
    this.part.bar.max = file.size;
    this.part.bar.removeAttribute("value");
    for (const name of ["arrived", "speed", "left"]) this.part[name].textContent = "–";
    this.part.pause.textContent = "Pause";
    this.part.pause.hidden = false;
    this.#say("Looking at what is there already.");
    this.card.hidden = false;
    this.card.scrollIntoView({ block: "nearest" });
  }

  show(received, trouble) {
    if (trouble) {
      this.#say(trouble);
      this.announced = -1;
      return;
    }
    const now = performance.now();
    this.seen = [...this.seen.filter(([when]) => now - when < SPEED_OVER_MS), [now, received]];
    const [since, from] = this.seen[0];
    const speed = now > since ? ((received - from) * 1000) / (now - since) : 0;
    const percent = Math.floor((100 * received) / this.size);
    this.part.bar.value = received;
    this.part.arrived.textContent = `${mib(received)} of ${mib(this.size)}, ${percent} %`;
    this.part.speed.textContent = speed ? `${mib(speed)} a second` : "–";
    this.part.left.textContent = speed ? duration((this.size - received) / speed) : "–";
    const step = Math.floor(percent / SAY_EVERY_PERCENT);
    if (step === this.announced) return;
    const first = this.announced < 0;
    this.announced = step;
    this.#say(first && received ? `Goes on at ${percent} %.` : `${percent} % has arrived.`);
  }

  // All is there: what is left is its digest, and the form.
  done() {
    this.part.pause.hidden = true;
    this.#say("All of it has arrived.");
  }

  ended(why) {
    this.part.pause.textContent = "Go on";
    this.part.left.textContent = "–";
    this.part.speed.textContent = "–";
    this.#say(why);
  }

  #say(text) {
    this.part.said.textContent = text;
  }
}
