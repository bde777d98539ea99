// Living times: <time data-countdown datetime data-warn-seconds> and <time data-ago datetime>.
// One timer for the page. Nothing here is a live region: a screen reader reads the text when it comes to it.
(() => {
  "use strict";
  const MINUTE = 60, HOUR = 3600, DAY = 86400;
  const TOLERATED_SKEW = 30; // seconds; less is the time the page took to arrive
  const WEEK = 7 * DAY;
  const SELECTOR = "time[data-countdown], time[data-ago]";
  const Baton = (window.Baton = window.Baton || {});
  let skew = 0; // how far the server's clock is ahead of this computer's, in seconds

  function setServerTime(seconds) {
    const ahead = seconds - Date.now() / 1000;
    skew = Math.abs(ahead) > TOLERATED_SKEW ? ahead : 0;
  }

  const now = () => Date.now() / 1000 + skew;
  const label = (name) => document.body.dataset["label" + name] || "%t";
  const unit = (name, number) => label(name).replace("%n", number);

  // Seconds as their two largest units: 4:59 below ten minutes, 42 min, 3 h 20 min, 2 d 3 h.
  function length(seconds, ticking) {
    if (seconds < MINUTE * 10 && ticking) {
      return Math.floor(seconds / MINUTE) + ":" + String(seconds % MINUTE).padStart(2, "0");
    }
    if (seconds < HOUR) return unit("Min", Math.floor(seconds / MINUTE));
    const [large, small, size, step] = seconds < DAY ? ["H", "Min", HOUR, MINUTE] : ["D", "H", DAY, HOUR];
    const rest = Math.floor((seconds % size) / step);
    return unit(large, Math.floor(seconds / size)) + (rest ? " " + unit(small, rest) : "");
  }

  function countdownText(left) {
    if (left >= 0) return label("In").replace("%t", length(left, true));
    const late = -left;
    return label("Late").replace("%t", length(late, late < MINUTE));
  }

  function write(element, text) {
    if (element.textContent !== text) element.textContent = text;
  }

  function renderCountdown(element, left) {
    write(element, countdownText(left));
    const state = left < 0 ? "late" : left <= Number(element.dataset.warnSeconds || 300) ? "soon" : "calm";
    if (element.dataset.state === state) return;
    element.dataset.state = state;
    element.closest("[data-clock-row]")?.setAttribute("data-clock-state", state);
  }

  function renderAgo(element, left) {
    const passed = -left;
    element.dataset.text ??= element.textContent; // what the server wrote serves again after a week
    if (passed >= WEEK || passed < -MINUTE) write(element, element.dataset.text);
    else if (passed < MINUTE) write(element, label("Now"));
    else write(element, label("Ago").replace("%t", length(passed, false)));
  }

  // Renders every time below root; also used on new content before it is put into the page.
  function render(root) {
    const at = now();
    for (const element of root.querySelectorAll(SELECTOR)) {
      const moment = Date.parse(element.dateTime || element.getAttribute("datetime"));
      if (Number.isNaN(moment)) continue;
      const left = Math.ceil(moment / 1000 - at);
      if ("countdown" in element.dataset) renderCountdown(element, left);
      else renderAgo(element, left);
    }
  }

  Baton.countdown = { render, setServerTime };

  const stated = Number(document.querySelector('meta[name="baton-now"]')?.content);
  if (stated) setServerTime(stated);
  render(document);
  setInterval(() => document.hidden || render(document), 1000);
  document.addEventListener("visibilitychange", () => document.hidden || render(document));
  document.addEventListener("htmx:load", (event) => render(event.target.parentNode || document));
})();
