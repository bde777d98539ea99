// A list that keeps itself fresh without jumping: <div id data-live-url [data-live-ms] [data-live-etag]>.
// The address answers with the inside of the element and an ETag. While somebody works in the list it holds still
// and offers a button instead.
(() => {
  "use strict";
  const Baton = (window.Baton = window.Baton || {});
  const DEFAULT_MS = 1500, SLOWEST_MS = 30000, GIVE_UP_MS = 10000, POINTER_REST_MS = 900;
  const BUSY = "dialog[open], .dropdown-menu.show, details[open] form, form.htmx-request, .htmx-request, [data-live-hold]";
  const TYPED = "input:not([type=hidden]):not([type=checkbox]):not([type=radio]), textarea";
  const started = new WeakSet();

  // A <select> whose markup marks no option starts on its first.
  const chosen = (select) => select.selectedIndex !== Math.max(0, [...select.options].findIndex((o) => o.defaultSelected));
  const changed = (root) =>
    [...root.querySelectorAll(TYPED)].some((field) => field.value !== field.defaultValue) ||
    [...root.querySelectorAll("input[type=checkbox], input[type=radio]")].some((box) => box.checked !== box.defaultChecked) ||
    [...root.querySelectorAll("select:not([multiple])")].some(chosen);

  function working(root) {
    const active = document.activeElement;
    if (root.contains(active) && active.matches("input, textarea, select, [contenteditable]")) return true;
    const selection = document.getSelection();
    if (selection && !selection.isCollapsed && root.contains(selection.anchorNode)) return true;
    return Boolean(root.querySelector(BUSY)) || changed(root);
  }

  const keys = (root) => new Set([...root.querySelectorAll("[data-live-item]")].map((item) => item.id));

  // The item whose place on the screen must not move: the focused one, else the first that is in view.
  function anchor(root) {
    const items = [...root.querySelectorAll("[data-live-item]")];
    const focused = items.find((item) => item.contains(document.activeElement));
    const item = focused || items.find((candidate) => candidate.getBoundingClientRect().bottom > 0);
    return item && { id: item.id, top: item.getBoundingClientRect().top };
  }

  class LiveList {
    constructor(element) {
      this.element = element;
      this.period = Number(element.dataset.liveMs) || DEFAULT_MS;
      this.etag = element.dataset.liveEtag || null;
      this.failures = 0;
      this.pointed = 0;
      this.waiting = null;
      this.bar = document.getElementById("live-bar-template").content.firstElementChild.cloneNode(true);
      element.before(this.bar);
      this.button = this.bar.querySelector("[data-live-apply]");
      this.offline = this.bar.querySelector("[data-live-offline]");
      this.button.addEventListener("click", () => this.apply());
      element.addEventListener("pointermove", () => (this.pointed = Date.now()), { passive: true });
      this.wake = () => document.hidden || this.poll();
      document.addEventListener("visibilitychange", this.wake);
      window.addEventListener("online", this.wake);
      document.body.addEventListener("baton:refresh", this.wake);
      this.schedule();
    }

    schedule() {
      clearTimeout(this.timer);
      const pause = Math.min(this.period * 2 ** this.failures, Math.max(SLOWEST_MS, this.period));
      this.timer = setTimeout(() => this.poll(), pause);
    }

    stop() {
      clearTimeout(this.timer);
      document.removeEventListener("visibilitychange", this.wake);
      window.removeEventListener("online", this.wake);
      document.body.removeEventListener("baton:refresh", this.wake);
      this.bar.remove();
    }

    async poll() {
      if (!this.element.isConnected) return this.stop();
      clearTimeout(this.timer);
      if (!document.hidden && !this.asking) {
        this.asking = true;
        try {
          await this.ask();
          this.failures = 0;
        } catch {
          this.failures += 1; // offline, a time-out or a 5xx: asked again, ever more slowly
        }
        this.asking = false;
        this.offline.hidden = this.failures < 2;
        this.offer();
      }
      return this.stopped || this.schedule();
    }

    async ask() {
      const headers = { "Baton-Live": "1", "X-Requested-With": "XMLHttpRequest" };
      if (this.etag) headers["If-None-Match"] = this.etag;
      const answer = await fetch(this.element.dataset.liveUrl, {
        headers, cache: "no-store", credentials: "same-origin", signal: AbortSignal.timeout(GIVE_UP_MS),
      });
      const date = Date.parse(answer.headers.get("Date") || "");
      if (date) Baton.countdown.setServerTime(date / 1000);
      if (answer.status === 304) return;
      if (answer.redirected || answer.status === 401 || answer.status === 403) {
        this.stopped = true; // signed out, or no longer allowed: the page itself says so
        window.location.reload();
        return;
      }
      if (!answer.ok) throw new Error(String(answer.status));
      this.waiting = await answer.text();
      this.etag = answer.headers.get("ETag");
    }

    // Applies what waits, unless somebody is at work here; a moving pointer only delays it.
    offer() {
      if (this.waiting === null) return;
      const busy = working(this.element);
      this.button.hidden = !busy;
      if (!busy && Date.now() - this.pointed > POINTER_REST_MS) this.apply();
    }

    apply() {
      const fresh = document.createElement("template");
      fresh.innerHTML = this.waiting ?? this.element.innerHTML;
      this.waiting = null;
      this.button.hidden = true;
      Baton.countdown.render(fresh.content); // so that a running countdown is no difference
      const before = keys(this.element), still = anchor(this.element);
      Idiomorph.morph(this.element, fresh.content.childNodes, {
        morphStyle: "innerHTML",
        callbacks: {
          // What the reader has opened or typed is theirs, even when they ask for the rest to be refreshed.
          beforeAttributeUpdated: (name, node) => !(name === "open" && node.matches("details")),
          beforeNodeMorphed: (node) => !(node.nodeName === "FORM" && changed(node)),
        },
      });
      const kept = still && document.getElementById(still.id);
      const moved = kept ? kept.getBoundingClientRect().top - still.top : 0;
      if (moved && window.scrollY > 0) window.scrollBy({ top: moved, behavior: "instant" });
      window.htmx?.process(this.element);
      Baton.countdown.render(this.element);
      this.announce([...keys(this.element)].filter((id) => !before.has(id)).length);
      this.element.dispatchEvent(new CustomEvent("baton:refreshed", { bubbles: true }));
    }

    announce(count) {
      if (!count) return;
      document.getElementById("announcer").textContent = document.body.dataset.labelNew.replace("%n", count);
    }
  }

  function start(root) {
    for (const element of root.querySelectorAll("[data-live-url]")) {
      if (started.has(element)) continue;
      started.add(element);
      new LiveList(element);
    }
  }

  start(document);
  document.addEventListener("htmx:load", (event) => start(event.target.parentNode || document));
})();
