// Rows of conditions: only the comparisons that go with the chosen field, and its known values while one types.
// The server checks all of it again; without this script every comparison is in the menu.
(() => {
  "use strict";
  const NO_VALUE = new Set(["is_true", "is_false", "is_set", "is_not_set"]);

  function narrow(row) {
    const field = row.querySelector("[data-condition-field]"), op = row.querySelector("[data-condition-op]");
    const value = row.querySelector("[data-condition-value]");
    if (!field || !op || !value) return;
    const kind = field.selectedOptions?.[0]?.dataset.kind ?? (field.selectedOptions ? "" : "open");
    for (const option of op.options) {
      const fits = !option.value || !kind || option.dataset.kinds.split(" ").includes(kind);
      option.hidden = option.disabled = !fits && !option.selected;
    }
    value.disabled = NO_VALUE.has(op.value);
    const list = `values-${field.value}`;
    if (document.getElementById(list)) value.setAttribute("list", list);
    else value.removeAttribute("list");
  }

  // A comparison that no longer fits is unchosen, not sent.
  function refit(row) {
    const op = row.querySelector("[data-condition-op]");
    const kind = row.querySelector("[data-condition-field]")?.selectedOptions?.[0]?.dataset.kind;
    const chosen = op?.selectedOptions[0];
    if (kind && chosen?.value && !chosen.dataset.kinds.split(" ").includes(kind)) op.value = "";
    narrow(row);
  }

  document.addEventListener("change", (event) => {
    const row = event.target.closest?.("[data-formset-row]");
    if (!row) return;
    if (event.target.matches("[data-condition-field]")) refit(row);
    else if (event.target.matches("[data-condition-op]")) narrow(row);
  });
  document.querySelectorAll("[data-formset-row]").forEach(narrow);
})();

// <div data-when-field="effect" data-when="points">: there only while the field has that value (or any, without one).
(() => {
  "use strict";
  function settle(name) {
    const field = document.querySelector(`[name="${name}"]`);
    for (const box of document.querySelectorAll(`[data-when-field="${name}"]`)) {
      box.hidden = box.dataset.when ? box.dataset.when !== field.value : !field.value;
    }
  }
  document.addEventListener("change", (event) => event.target.name && settle(event.target.name));
  for (const box of document.querySelectorAll("[data-when-field]")) settle(box.dataset.whenField);
})();
