"use strict";

// The server writes times in the zone the browser lives in.
document.cookie = `timezone=${Intl.DateTimeFormat().resolvedOptions().timeZone}; path=/; max-age=31536000; samesite=lax`;

// What cannot be taken back asks first.
document.addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.ask ?? event.target.dataset.ask;
  if (!question || confirm(question)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
});

// A second click while the first is on its way would only be answered "already submitted".
document.addEventListener("submit", (event) => {
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = "yes";
  setTimeout(() => delete event.target.dataset.sent, 3000);
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
  button.textContent = "Copied";
});

// An open menu closes when the attention goes elsewhere.
const closeMenus = (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (event.key === "Escape" || (event.type !== "keydown" && !menu.contains(event.target))) menu.open = false;
  }
};
for (const kind of ["click", "focusin", "keydown"]) document.addEventListener(kind, closeMenus);

// The next value to type is one keystroke away: focus stands in it when the page opens.
if (!location.hash) document.querySelector(".inbox .first input, .inbox [aria-invalid=true]")?.focus();

// On a small screen the pages' links scroll sideways; the one that is open shows.
document.querySelector(".top nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// What takes longer to count comes after the rest; without scripts its heading leads there.
for (const place of document.querySelectorAll("[data-load]")) {
  fetch(place.dataset.load, { headers: { "X-Part": "yes" } })
    .then(async (answer) => {
      if (answer.ok && !answer.redirected) place.innerHTML = await answer.text();
    })
    .catch(() => {});
}

// What is waited for appears by itself, unless somebody is about to press something in it.
for (const place of document.querySelectorAll("[data-live]")) {
  const look = async () => {
    const answer = document.hidden ? null : await fetch(place.dataset.live).catch(() => null);
    if (answer?.redirected || answer?.status === 404) return;
    const html = answer?.ok ? await answer.text() : place.dataset.seen;
    if (html !== place.dataset.seen && !place.contains(document.activeElement)) {
      place.innerHTML = html;
      place.dataset.seen = html;
    }
    if (!place.querySelector("[data-done]")) setTimeout(look, 2000);
  };
  setTimeout(look, 2000);
}

// The address of a postback as it is typed, for an example event; the server shows the same.
for (const output of document.querySelectorAll("[data-postback]")) {
  const examples = JSON.parse(output.dataset.examples);
  const form = output.closest("form");
  const typed = (name) => form.elements[name]?.value.trim() ?? "";
  const fill = () => {
    let pattern = output.dataset.postback || typed("template");
    const tracker = typed("value_tracker").replace(/\/+$/, "");
    if (tracker.startsWith("http://")) pattern = pattern.replace("https://", "http://");
    pattern = pattern.replace(/\[([a-z_]+)\]/g, (_, name) => {
      if (name === output.dataset.secret) return "…";
      return name === "tracker" ? tracker.replace(/^https?:\/\//, "") : encodeURIComponent(typed(`value_${name}`));
    });
    output.textContent = pattern.replace(/\{([a-z_]+)(:[^{}]{1,64})?\}/g, (macro, name, parameter) => {
      if (parameter) return name === "param" ? "example" : macro;
      return name in examples ? (name === "secret" ? "…" : encodeURIComponent(examples[name])) : macro;
    });
  };
  form.addEventListener("input", fill);
  fill();
}
