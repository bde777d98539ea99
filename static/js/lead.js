// The page of a lead: editing a fact where it stands, and going from one lead to the next.
(() => {
  "use strict";
  const CONTROL = "input:not([type=hidden]), select, textarea";

  // A fact that has become a form: one starts in it. One that was a form: back to where one was.
  function settle(fact) {
    const form = fact.querySelector("form");
    if (form) {
      const control = form.querySelector("[aria-invalid=true]") || form.querySelector(CONTROL);
      control?.focus();
      if (control?.matches("input")) control.select?.();
      return;
    }
    const active = document.activeElement;
    if (!active || active === document.body) fact.querySelector("[data-fact-edit]")?.focus();
  }

  document.addEventListener("htmx:load", ({ target }) => target.matches?.("[data-fact]") && settle(target));

  const typing = (target) => target.closest?.("input, textarea, select, [contenteditable], dialog[open]");

  document.addEventListener("keydown", (event) => {
    const form = event.target.closest?.("[data-fact] form");
    if (event.key === "Escape" && form) {
      event.preventDefault();
      form.querySelector("[data-fact-cancel]").click();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || typing(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    document.querySelector(`[data-key="${CSS.escape(event.key)}"]`)?.click();
  });
})();
