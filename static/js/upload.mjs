// One file on its way to the portal, in pieces. It outlives a lost connection and goes on where the portal says that it stands.
import { ask } from "./portal-request.mjs";

// What lies on the portal is damaged or gone: then the file is sent anew.
const GONE = new Set(["upload-damaged", "upload-unknown", "not-found"]);
// A browser computes a digest of what lies in memory; a larger file that has arrived already is sent again.
const MOST_IN_MEMORY = 256 * 1024 * 1024;

const hex = (bytes) => [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const base64 = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)));
const sha256 = (bytes) => crypto.subtle.digest("SHA-256", bytes);

export class Upload {
  // `tell(received, trouble)` is called after each piece, and with words while a connection is waited for; `begun(address)` once, when
  // the portal knows of a new upload.
  constructor(file, { begin, token, tell, begun }) {
    this.file = file;
    this.begin = begin;
    this.tell = tell;
    this.begun = begun;
    this.stopper = new AbortController();
    this.asked = { token, signal: this.stopper.signal, tell: (trouble) => tell(null, trouble) };
  }

  // Stops at once; what has arrived stays. `run` then throws Stopped.
  stop() {
    this.stopper.abort();
  }

  // Sends what is not there yet and returns the finished upload. `known` are addresses of uploads that may be of this file:
  // name, size and the digest of the beginning tell.
  async run(known = []) {
    for (const address of known) {
      try {
        const upload = await ask(address, { ...this.asked, method: "GET" });
        if (await this.#isWhole(upload)) return upload;
        if (await this.#isBeginning(upload)) return await this.#complete(upload, address);
      } catch (error) {
        if (!GONE.has(error.code)) throw error;
      }
    }
    const id = crypto.randomUUID();
    const body = JSON.stringify({ id, name: this.file.name, size: this.file.size });
    const upload = await ask(this.begin, { ...this.asked, method: "POST", body, headers: { "Content-Type": "application/json" } });
    const address = `/uploads/${id}/`;
    this.begun(address);
    return this.#complete(upload, address);
  }

  async #isWhole(upload) {
    if (upload.name !== this.file.name || upload.size !== this.file.size || upload.state !== "stored") return false;
    if (this.file.size > MOST_IN_MEMORY) return false;
    return hex(await sha256(await this.file.arrayBuffer())) === upload.sha256;
  }

  async #isBeginning(upload) {
    if (upload.name !== this.file.name || upload.size !== this.file.size || upload.state !== "receiving") return false;
    if (!upload.begins) return true;
    const bytes = await this.file.slice(0, upload.begins.bytes).arrayBuffer();
    return hex(await sha256(bytes)) === upload.begins.sha256;
  }

  async #complete(upload, address) {
    let there = upload.received;
    this.tell(there);
    while (there < this.file.size) {
      there = await this.#piece(address, there, upload.chunkBytes);
      this.tell(there);
    }
    return ask(`${address}finish/`, { ...this.asked, method: "POST" });
  }

  async #piece(address, there, size) {
    const body = await this.file.slice(there, there + size).arrayBuffer();
    const headers = { "Content-Digest": `sha-256=:${base64(await sha256(body))}:`, "Content-Type": "application/octet-stream" };
    try {
      return (await ask(`${address}chunks/${there}`, { ...this.asked, method: "PUT", body, headers })).received;
    } catch (error) {
      const right = error.code === "upload-offset" ? Number(error.expected) : NaN;
      if (!Number.isInteger(right) || right === there) throw error;
      return right; // an answer to us was lost on its way
    }
  }
}
