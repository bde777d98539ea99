// The editor of a form shows beside it what a visitor would see, a moment after each change.
//   <button form formaction="…" formtarget="live-preview" data-live-preview>  works without this script, too
(() => {
  "use strict";
  const button = document.querySelector("[data-live-preview]"), frame = document.querySelector("iframe[name=live-preview]");
  if (!button || !frame) return;
  let timer = 0, asked = 0;

  async function show() {
    const number = ++asked;
    const answer = await fetch(button.formAction, { method: "POST", body: new FormData(button.form) }).catch(() => null);
    // Only the newest; a frame's own document would lay a step of history under the Back button each time.
    if (answer?.ok && number === asked) frame.srcdoc = await answer.text();
  }

  function soon() {
    clearTimeout(timer);
    timer = setTimeout(show, 400);
  }

  for (const what of ["input", "change"]) button.form.addEventListener(what, soon);
  button.form.addEventListener("click", (event) => event.target.closest("[data-formset] button") && soon());
  button.addEventListener("click", (event) => {
    event.preventDefault();
    show();
  });
  show();
})();
