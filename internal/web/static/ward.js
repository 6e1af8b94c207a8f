// The script of all pages. Every page works without it: it only saves clicks, turns times into the reader's own and keeps open pages fresh.
"use strict";

const root = document.documentElement;
root.classList.add("js");

// Times stand in the page in UTC; the reader sees them in their own zone, with UTC on hover.
const clock = new Intl.DateTimeFormat(undefined, { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", timeZoneName: "short" });
function localTimes(within) {
  for (const time of within.querySelectorAll("time[datetime*='T']:not([data-local])")) {
    const at = new Date(time.dateTime);
    if (isNaN(at)) continue;
    time.dataset.local = "";
    time.textContent = clock.format(at);
  }
}

// Choices that show at once what was chosen: the estate and the date at the top, facets.
function submitOnChange(within) {
  for (const form of within.querySelectorAll("form[data-auto]:not([data-ready])")) {
    form.dataset.ready = "";
    form.addEventListener("change", (event) => {
      if (event.target.matches("select, input[type=checkbox], input[type=radio], input[type=date]") && event.target.checkValidity()) form.requestSubmit();
    });
  }
}

// Rows chosen in a table: one box for all, shift for a range, the number of them in words.
function selectMany(within) {
  for (const form of within.querySelectorAll("form[data-many]:not([data-ready])")) {
    form.dataset.ready = "";
    const boxes = () => [...form.querySelectorAll("tbody .tick input")];
    const all = form.querySelector("thead .tick input");
    const say = form.querySelector("[data-chosen]");
    let last = null;
    const count = () => {
      const list = boxes(), chosen = list.filter((box) => box.checked).length;
      for (const box of list) box.closest("tr").classList.toggle("chosen", box.checked);
      if (all) { all.checked = chosen > 0 && chosen === list.length; all.indeterminate = chosen > 0 && chosen < list.length; }
      if (say) say.textContent = chosen === 1 ? "1 chosen" : chosen + " chosen";
      for (const button of form.querySelectorAll("[data-needs-choice]")) button.disabled = chosen === 0;
    };
    if (all) { all.closest("label").hidden = false; all.addEventListener("change", () => { for (const box of boxes()) box.checked = all.checked; count(); }); }
    form.addEventListener("click", (event) => {
      const box = event.target;
      if (!box.matches("tbody .tick input")) return;
      const list = boxes(), at = list.indexOf(box);
      if (event.shiftKey && last !== null) for (let i = Math.min(last, at); i <= Math.max(last, at); i++) list[i].checked = box.checked;
      last = at;
    });
    form.addEventListener("change", count);
    count();
  }
}

// What is to be copied gets a button.
function copying(within) {
  if (!navigator.clipboard) return;
  for (const place of within.querySelectorAll(".copy:not([data-ready])")) {
    place.dataset.ready = "";
    const text = place.querySelector("pre, code, textarea");
    if (!text) continue;
    const button = document.createElement("button");
    button.type = "button"; button.className = "small"; button.textContent = "Copy";
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(text.value ?? text.textContent);
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
    place.append(button);
  }
}

function ready(within) { localTimes(within); submitOnChange(within); selectMany(within); copying(within); }
ready(document);

// What stands beside the content in a wide window, and would stand before it in a narrow one, is folded there.
if (matchMedia("(max-width: 52rem)").matches) for (const part of document.querySelectorAll("details[data-narrow]")) part.open = false;

// A small menu closes with Escape and when the reader goes elsewhere.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details[data-menu][open]")) { menu.open = false; menu.querySelector("summary").focus(); }
});
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details[data-menu][open]")) if (!menu.contains(event.target)) menu.open = false;
});

// Parts marked data-live are fetched again when the server tells that their estate changed. A part that the reader types or chooses in is left.
const live = document.querySelector("[data-live]");
if (live && window.EventSource) {
  const estate = document.querySelector("[data-estate]")?.dataset.estate ?? "";
  let waiting = 0, busy = false, again = false;
  const notice = document.createElement("p");
  notice.className = "live-lost"; notice.setAttribute("role", "status"); notice.hidden = true;
  document.body.append(notice);
  const lost = (text) => { notice.textContent = text; notice.hidden = !text; };

  const renew = async () => {
    waiting = 0;
    if (busy) { again = true; return; }
    busy = true;
    try {
      // The header tells the server that nobody asked: it must not keep an idle session alive.
      const reply = await fetch(location.href, { headers: { "Ward-Live": "1" }, redirect: "manual", cache: "no-store" });
      if (reply.type === "opaqueredirect" || reply.status === 401) { source.close(); lost("You are not signed in any more. Load the page again."); return; }
      if (!reply.ok) return;
      const page = new DOMParser().parseFromString(await reply.text(), "text/html");
      for (const part of document.querySelectorAll("[data-live][id]")) {
        const fresh = page.getElementById(part.id);
        if (!fresh || fresh.innerHTML === part.dataset.was || part.contains(document.activeElement) || part.querySelector("tr.chosen")) continue;
        const was = fresh.innerHTML;
        ready(fresh);
        part.replaceChildren(...fresh.childNodes);
        part.dataset.was = was;
      }
      lost("");
    } catch { lost("The server cannot be reached. This page may be out of date."); }
    finally { busy = false; if (again) { again = false; soon(); } }
  };
  // Many open pages must not ask in the same instant.
  const soon = () => { if (!waiting) waiting = setTimeout(renew, 300 + Math.random() * 1200); };

  const source = new EventSource("/live?estate=" + encodeURIComponent(estate));
  source.addEventListener("changed", soon);
  source.addEventListener("open", () => lost(""));
  source.addEventListener("error", () => { if (source.readyState === EventSource.CLOSED) lost("This page is not kept up to date any more. Load it again."); });
  addEventListener("pagehide", () => source.close());
}
