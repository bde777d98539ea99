// The list of leads: ticking a whole page, how many are ticked, the count beside “all that the list finds”.
(() => {
  "use strict";
  const boxes = () => [...document.querySelectorAll("input[name=lead][form=bulk]")];

  function show() {
    const all = document.querySelector("[data-tick-all]"), ticked = boxes().filter((box) => box.checked).length;
    if (!all) return;
    all.hidden = false;
    all.checked = ticked > 0 && ticked === boxes().length;
    all.indeterminate = ticked > 0 && !all.checked;
    const said = document.querySelector("[data-ticked]");
    if (said) {
      said.hidden = false;
      said.textContent = said.dataset.ticked.replace("{n}", ticked.toLocaleString(document.documentElement.lang));
    }
  }

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-tick-all]")) {
      for (const box of boxes()) box.checked = event.target.checked;
      document.dispatchEvent(new CustomEvent("baton:refreshed")); // the bar of acts comes and goes with the ticks
    }
    show();
  });
  document.addEventListener("htmx:afterSwap", ({ target }) => {
    if (target.id === "lead-results") {
      document.dispatchEvent(new CustomEvent("baton:refreshed"));
      show();
    }
    if (target.id === "lead-count") {
      const copy = document.querySelector("[data-count-copy]");
      if (copy) copy.textContent = `(${target.textContent.trim()})`;
    }
  });
  window.addEventListener("pageshow", show);
  show();
})();
