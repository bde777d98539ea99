// Small manners of every page: dialogs, confirmations, dismissing, copying, failed requests. All by delegation.
(() => {
  "use strict";
  const labels = document.body.dataset;
  const byId = (id) => document.getElementById(id);

  function say(text) {
    const box = byId("messages"), shape = byId("message-template");
    if (!box || !shape) return;
    const message = shape.content.firstElementChild.cloneNode(true);
    message.querySelector("[data-message-text]").textContent = text;
    box.replaceChildren(message);
    message.scrollIntoView({ block: "nearest" });
  }

  // Asks by the shared <dialog>; resolves to whether the answer was yes.
  function confirmed(question, yes) {
    const dialog = byId("confirm-dialog");
    const button = dialog.querySelector("[data-confirm-yes]");
    button.dataset.usual ??= button.textContent;
    button.textContent = yes || button.dataset.usual;
    dialog.querySelector("[data-confirm-text]").textContent = question;
    dialog.returnValue = "no";
    dialog.showModal();
    return new Promise((resolve) => {
      dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
    });
  }

  // <form data-confirm="…"> or <button data-confirm="…" [data-confirm-yes-text]>; before htmx or the browser sends it.
  const agreed = new WeakSet();
  document.addEventListener("submit", (event) => {
    const form = event.target, asker = event.submitter?.dataset.confirm ? event.submitter : form;
    if (!asker.dataset.confirm || agreed.delete(form)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    confirmed(asker.dataset.confirm, asker.dataset.confirmYesText).then((yes) => {
      if (!yes) return;
      agreed.add(form);
      form.requestSubmit(event.submitter);
    });
  }, true);

  // hx-confirm speaks through the same dialog instead of the browser's own.
  document.addEventListener("htmx:confirm", (event) => {
    if (!event.detail.question) return;
    event.preventDefault();
    confirmed(event.detail.question).then((yes) => yes && event.detail.issueRequest(true));
  });

  const clicks = {
    "[data-dialog-open]": (button) => byId(button.dataset.dialogOpen)?.showModal(),
    "[data-dialog-close]": (button) => button.closest("dialog")?.close(),
    "[data-dismiss]": (button) => button.closest("[data-dismissible]")?.remove(),
    "[data-copy], [data-copy-from]": copy,
  };

  async function copy(button) {
    const source = button.dataset.copyFrom && document.querySelector(button.dataset.copyFrom);
    await navigator.clipboard.writeText(button.dataset.copy ?? source?.value ?? source?.textContent ?? "");
    byId("announcer").textContent = labels.labelCopied;
    button.classList.add("is-copied");
    setTimeout(() => button.classList.remove("is-copied"), 1500);
  }

  document.addEventListener("click", (event) => {
    if (event.target.matches?.("dialog[data-dialog]")) event.target.close(); // the backdrop
    for (const [selector, act] of Object.entries(clicks)) {
      const button = event.target.closest?.(selector);
      if (button) act(button);
    }
  });

  // <details data-menu> is a menu: it closes when the reader goes elsewhere.
  const closeMenus = (inside) => {
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      if (!inside || !menu.contains(inside)) menu.open = false;
    }
  };
  document.addEventListener("pointerdown", (event) => closeMenus(event.target));
  document.addEventListener("focusin", (event) => closeMenus(event.target));
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && event.target.closest?.("details[data-menu][open]");
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });

  // A filter that acts as soon as it is chosen: <form data-submit-on-change>, its button hidden by .no-js-only.
  document.addEventListener("change", (event) => {
    event.target.closest?.("form[data-submit-on-change]")?.requestSubmit();
  });

  // <form id data-needs-choice> acts on boxes that stand elsewhere (form="id"): out of the way until one is ticked.
  function needChoice() {
    for (const form of document.querySelectorAll("form[data-needs-choice]")) {
      form.hidden = !document.querySelector(`input[type=checkbox][form="${form.id}"]:checked`);
    }
  }
  document.addEventListener("change", needChoice);
  document.addEventListener("baton:refreshed", needChoice);
  window.addEventListener("pageshow", needChoice);

  // The reader of a refused form starts at its summary of errors.
  const SUMMARY = "[data-error-summary]";
  document.addEventListener("htmx:load", ({ target }) => (target.matches(SUMMARY) ? target : target.querySelector(SUMMARY))?.focus());
  document.addEventListener("htmx:responseError", () => say(labels.labelFailed));
  document.addEventListener("htmx:sendError", () => say(labels.labelUnreachable));
  // The server closes a dialog after a success: HX-Trigger: baton:close-dialog
  document.addEventListener("baton:close-dialog", () => document.querySelector("dialog[open]")?.close());
  document.documentElement.classList.add("js");
})();
