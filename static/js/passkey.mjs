// Makes a passkey, or answers a challenge with one, and sends what the browser says in the form around it. Troubles are told in words.
// The challenge stands in data-options, or is fetched from data-address when the button is pressed.
import { ElementError } from "./element-error.mjs";

const WORDS = {
  NotAllowedError: "It was cancelled, or it took too long. Nothing was changed; try again.",
  AbortError: "It was cancelled. Nothing was changed; try again.",
  InvalidStateError: "This device already holds a passkey for your account here.",
  NotSupportedError: "This device cannot make a passkey of the kind that is needed.",
  ConstraintError: "This device has no lock or PIN, and a passkey needs one.",
  SecurityError: "Passkeys do not work at this address. They need https and a name, or “localhost” on your own machine.",
};
const TOO_MANY = 429;

export function passkey(element) {
  const part = (name) => element.querySelector(`[data-part=${name}]`);
  const form = element.querySelector("form");
  const [plain, trouble, start] = ["plain", "trouble", "start"].map(part);
  const credential = form?.elements.namedItem("credential");
  const { passkey: kind, options, address } = element.dataset;
  if (!plain || !trouble || !start || !credential || !(options || address) || !["get", "create"].includes(kind)) {
    throw new ElementError("passkey", "a form with credential, the parts plain, trouble and start, and a challenge or its address");
  }
  const tell = (words) => {
    trouble.textContent = words;
    trouble.hidden = false;
  };
  if (plain.classList.toggle("is-needed", !window.PublicKeyCredential)) return; // what is said without scripts holds here too
  plain.hidden = true;
  start.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    trouble.hidden = true;
    start.disabled = true;
    try {
      const { publicKey } = options ? JSON.parse(options) : await fetched(address);
      const answer = kind === "create"
        ? await navigator.credentials.create({ publicKey: creation(publicKey) })
        : await navigator.credentials.get({ publicKey: request(publicKey) });
      credential.value = JSON.stringify(asJson(answer));
      form.submit();
    } catch (error) {
      tell(WORDS[error.name] ?? (error instanceof Told ? error.message : "The browser could not do it. Try again, or sign in another way."));
      start.disabled = false;
    }
  });
}

class Told extends Error {}

async function fetched(address) {
  const answer = await fetch(address, { headers: { Accept: "application/json" }, cache: "no-store", redirect: "error" }).catch(() => null);
  if (answer?.ok) return (await answer.json()).options;
  throw new Told(answer?.status === TOO_MANY ? "Too many attempts. Wait a minute." : "The portal does not answer. Try again.");
}

function creation(options) {
  if (PublicKeyCredential.parseCreationOptionsFromJSON) return PublicKeyCredential.parseCreationOptionsFromJSON(options);
  return {
    ...options,
    challenge: bytes(options.challenge),
    user: { ...options.user, id: bytes(options.user.id) },
    excludeCredentials: (options.excludeCredentials ?? []).map(named),
  };
}

function request(options) {
  if (PublicKeyCredential.parseRequestOptionsFromJSON) return PublicKeyCredential.parseRequestOptionsFromJSON(options);
  return { ...options, challenge: bytes(options.challenge), allowCredentials: (options.allowCredentials ?? []).map(named) };
}

const named = (descriptor) => ({ ...descriptor, id: bytes(descriptor.id) });

function asJson(answer) {
  if (answer.toJSON) {
    try {
      return answer.toJSON();
    } catch { /* some password managers put an object of their own in place of the browser's */ }
  }
  const { response } = answer;
  const names = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
  const parts = names.filter((name) => response[name]).map((name) => [name, text(response[name])]);
  return {
    id: answer.id,
    rawId: text(answer.rawId),
    type: answer.type,
    authenticatorAttachment: answer.authenticatorAttachment ?? null,
    clientExtensionResults: answer.getClientExtensionResults(),
    response: Object.fromEntries(parts),
  };
}

function bytes(base64url) {
  return Uint8Array.from(atob(base64url.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
}

function text(buffer) {
  return btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
