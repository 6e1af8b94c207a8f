// Helps with passwords: shows what is typed to those who ask for it, and says how hard a new password is to guess. The server judges anew.
"use strict";

for (const part of document.querySelectorAll("[data-show]")) {
  const input = document.getElementById(part.dataset.show);
  part.hidden = false;
  part.querySelector("input").addEventListener("change", (event) => {
    input.type = event.target.checked ? "text" : "password";
  });
  input.form.addEventListener("submit", () => { input.type = "password"; });
}

// Each different character beside one that came before makes guessing harder; runs such as aaaa and 1234 do not.
const hardness = (text) => {
  const characters = [...text];
  let told = 0;
  characters.forEach((c, i) => {
    const step = i > 0 ? c.codePointAt(0) - characters[i - 1].codePointAt(0) : 2;
    if (Math.abs(step) > 1) told++;
  });
  const kinds = [/\p{Ll}/u, /\p{Lu}/u, /\p{N}/u, /[^\p{L}\p{N}]/u].filter((kind) => kind.test(text)).length;
  return Math.min(told, 2 * new Set(characters).size) + 2 * kinds;
};

for (const part of document.querySelectorAll("[data-strength]")) {
  const input = document.getElementById(part.dataset.strength);
  input.addEventListener("input", () => {
    const length = [...input.value].length, longer = Number(part.dataset.longer);
    if (length === 0) part.textContent = "";
    else if (length <= longer) part.textContent = `Too short: ${longer + 1 - length} more.`;
    else part.textContent = { 0: "Weak.", 1: "Fair.", 2: "Strong." }[Math.min(2, Math.floor(hardness(input.value) / 10))];
  });
}
