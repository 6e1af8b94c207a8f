// Talks to authenticators. Buttons that need it are hidden until it runs: data-passkey="use" signs in or shows the second factor again,
// data-passkey="make" sets up a passkey. What went wrong is said in the element that data-say names.
"use strict";

const send = async (path, body) => {
  const response = await fetch(path, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body ?? {}), credentials: "same-origin",
  });
  const value = await response.json();
  if (!response.ok) throw new Error(value.error);
  return value;
};

const makePasskey = async (name, next) => {
  const asked = await send("/account/passkey");
  const made = await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(asked.options.publicKey) });
  return send("/account/passkey/answer", { id: asked.id, answer: made.toJSON(), name, next });
};

const usePasskey = async (next) => {
  const asked = await send("/sign-in/passkey");
  const answer = await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(asked.options.publicKey) });
  return send("/sign-in/passkey/answer", { id: asked.id, answer: answer.toJSON(), next });
};

// Recovery codes are shown before anything else happens, because they are never shown again.
const showCodes = (codes, next) => {
  const place = document.getElementById("codes");
  const list = place.querySelector("ol");
  for (const code of codes) {
    const item = document.createElement("li");
    const text = document.createElement("code");
    text.textContent = code;
    item.append(text);
    list.append(item);
  }
  place.querySelector("a").href = next;
  document.getElementById("choices").hidden = true;
  place.hidden = false;
  place.querySelector("h2").focus();
};

const run = async (button) => {
  const say = document.getElementById(button.dataset.say);
  say.textContent = "";
  button.disabled = true;
  try {
    const next = button.dataset.next || "/";
    const done = button.dataset.passkey === "make"
      ? await makePasskey(document.getElementById("passkey-name")?.value ?? "", next)
      : await usePasskey(next);
    if (done.codes?.length) showCodes(done.codes, done.next);
    else location.assign(done.next);
  } catch (error) {
    say.textContent = error.name === "NotAllowedError" || error.name === "AbortError"
      ? "No passkey was used. Try again, or take another way."
      : error.message || "The passkey could not be used.";
  } finally {
    button.disabled = false;
  }
};

if (window.PublicKeyCredential?.parseRequestOptionsFromJSON) {
  for (const button of document.querySelectorAll("[data-passkey]")) {
    button.hidden = false;
    button.addEventListener("click", () => run(button));
  }
  for (const part of document.querySelectorAll("[data-needs-passkeys]")) part.hidden = false;
}
