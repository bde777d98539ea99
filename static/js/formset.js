// Rows of a Django formset (can_delete=True): add, remove, and move when it can be ordered.
//   <div data-formset="prefix">  management form
//     <div data-formset-rows> <div data-formset-row>…</div> … </div>
//     <template data-formset-template> <div data-formset-row>… __prefix__ …</div> </template>
//     <button type="button" data-formset-add>
//   </div>
(() => {
  "use strict";
  const part = (set, name) => set.querySelector(`:scope [data-formset-${name}]`);
  const management = (set, name) => set.querySelector(`input[name="${set.dataset.formset}-${name}"]`);
  const shown = (set) => [...part(set, "rows").children].filter((row) => !row.hidden);

  // Django sorts by ORDER; it is written in the order in which the rows stand.
  function number(set) {
    shown(set).forEach((row, index) => {
      const order = row.querySelector('input[name$="-ORDER"]');
      if (order) order.value = index + 1;
    });
    const most = Number(management(set, "MAX_NUM_FORMS")?.value || 1000);
    const add = part(set, "add");
    if (add) add.disabled = shown(set).length >= most;
  }

  function add(set) {
    const total = management(set, "TOTAL_FORMS");
    const html = part(set, "template").innerHTML.replaceAll("__prefix__", total.value);
    part(set, "rows").insertAdjacentHTML("beforeend", html);
    total.value = Number(total.value) + 1;
    const row = part(set, "rows").lastElementChild;
    window.htmx?.process(row);
    row.querySelector("input:not([type=hidden]), select, textarea")?.focus();
    number(set);
  }

  // The row stays, hidden and marked: Django deletes what it knows and ignores what it never saw.
  function remove(set, row) {
    const mark = row.querySelector('input[name$="-DELETE"]');
    if (!mark) throw new Error("a formset with data-formset-remove needs can_delete=True");
    mark.type = "hidden";
    mark.value = "on";
    for (const field of row.querySelectorAll("[required]")) field.required = false;
    row.hidden = true;
    part(set, "add")?.focus();
    number(set);
  }

  function move(set, row, step) {
    const rows = shown(set), other = rows[rows.indexOf(row) + step];
    if (!other) return;
    if (step < 0) other.before(row);
    else other.after(row);
    number(set);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.(
      "[data-formset-add], [data-formset-remove], [data-formset-up], [data-formset-down]");
    const set = button?.closest("[data-formset]"), row = button?.closest("[data-formset-row]");
    if (!set) return;
    const data = button.dataset;
    if ("formsetAdd" in data) add(set);
    else if ("formsetRemove" in data) remove(set, row);
    else {
      move(set, row, "formsetUp" in data ? -1 : 1);
      button.focus();
    }
  });

  document.querySelectorAll("[data-formset]").forEach(number);
})();
