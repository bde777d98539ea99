// A hosted form in a frame: inside, it tells how tall it is and where to go on; around it, that is done.
(() => {
  "use strict";
  const inside = document.querySelector("[data-hosted]");
  if (inside) {
    if (window.parent === window) return;
    const tell = (what) => window.parent.postMessage({ baton: what, ...inside.dataset, height: inside.offsetHeight }, "*");
    new ResizeObserver(() => tell("height")).observe(inside);
    inside.querySelector("[role=alert]")?.focus(); // a frame of another site may not ask for it in its markup
    tell(inside.dataset.goOn ? "go-on" : "height");
    return;
  }
  const base = document.currentScript.src.replace(/static\/js\/embed\.js.*/, "") + "f/";
  const frames = () => [...document.querySelectorAll("iframe")].filter((frame) => frame.src.startsWith(base));

  window.addEventListener("message", ({ data, source, origin }) => {
    const frame = base.startsWith(origin + "/") && data?.baton && frames().find((one) => one.contentWindow === source);
    if (!frame) return;
    if (data.height) frame.height = Math.min(Math.max(Number(data.height) || 0, 80), 8000);
    if (data.baton === "go-on" && /^https?:/.test(data.goOn)) location.assign(data.goOn);
  });

  // Without the tracking snippet the form still learns which campaign's link led here.
  function tellOrigin() {
    if (window.baton || !/[?&]utm_/.test(location.search)) return;
    for (const frame of frames()) {
      const url = new URL(frame.src);
      url.searchParams.set("page", location.origin + location.pathname);
      url.searchParams.set("ref", document.referrer);
      for (const [name, value] of new URLSearchParams(location.search)) {
        if (name.startsWith("utm_")) url.searchParams.set(name, value);
      }
      frame.src = url.href;
    }
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", tellOrigin);
  else tellOrigin();
})();
