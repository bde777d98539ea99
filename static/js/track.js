// Baton: page views and named events of this site (docs/capture.md).
(() => {
  const doc = document, nav = navigator, script = doc.currentScript;
  const base = script.src.replace(/static\/js\/track\.js.*/, "");
  const queued = window.baton?.q || [];
  if (nav.doNotTrack === "1" || window.doNotTrack === "1" || nav.globalPrivacyControl) {
    window.baton = () => {};
    return;
  }
  const ID = "baton_v", CHOICE = "baton_c";
  let buffer = [], timer = 0, viewed = false;

  const read = (name) => doc.cookie.match(`(?:^|; )${name}=(\\w+)`)?.[1];
  const write = (name, value) => {
    doc.cookie = `${name}=${value};path=/;max-age=${value ? 15552e3 : 0};SameSite=Lax`;
  };
  const random = () => [...crypto.getRandomValues(new Uint8Array(16))].map((n) => (n + 256).toString(16).slice(1)).join("");

  let choice = read(CHOICE);
  const allowed = () => choice === "1" || (script.dataset.consent !== "required" && choice !== "0");
  const visitor = () => {
    const id = read(ID) || random();
    write(ID, id);
    return id;
  };

  function send() {
    clearTimeout(timer);
    timer = 0;
    while (buffer.length) {
      const e = buffer.splice(0, 20), to = base + "t/";
      const body = JSON.stringify({ k: script.dataset.key, v: visitor(), c: choice === "1", now: Date.now(), e });
      if (!nav.sendBeacon?.(to, body)) fetch(to, { method: "POST", body, keepalive: true, mode: "no-cors" }).catch(() => {});
    }
  }

  function event(name, properties) {
    if (!allowed()) return;
    buffer.push({ id: random(), n: name, t: Date.now(), p: properties });
    timer ||= setTimeout(send, 300);
  }

  function page() {
    if (!allowed()) return;
    viewed = true;
    event("page_viewed", { page: location.href.split("#")[0], title: doc.title, referrer: doc.referrer });
    doc.querySelectorAll("iframe").forEach((frame) => tell(frame, "src"));
  }

  // Our forms learn who comes, and from where.
  function tell(element, name) {
    if (!allowed() || !String(element[name]).startsWith(base + "f/")) return;
    const url = new URL(element[name]), own = url.searchParams;
    own.set("v", visitor());
    own.set("page", location.origin + location.pathname);
    own.set("ref", doc.referrer);
    new URLSearchParams(location.search).forEach((value, key) => key.startsWith("utm_") && own.set(key, value));
    element[name] = url.href;
  }

  function consent(yes) {
    write(CHOICE, (choice = yes ? "1" : "0"));
    if (yes) return viewed || page();
    buffer = [];
    write(ID, "");
  }

  window.baton = (what, ...rest) => ({ event, page, consent })[what]?.(...rest);
  doc.addEventListener("click", ({ target }) => {
    const link = target.closest("a[href]");
    if (link) tell(link, "href");
  }, true);
  addEventListener("pagehide", send);
  const begin = () => {
    page();
    queued.forEach((call) => window.baton(...call));
  };
  if (doc.readyState === "loading") doc.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
