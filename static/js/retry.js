// The page that says that the database is away: asks again every few seconds, and shows what it was asked for as soon
// as there is an answer. Unlike a refresh of the page it neither flickers nor interrupts whoever has it read out.
(() => {
  "use strict";
  const seconds = Number(document.currentScript.dataset.retry);
  const ask = async () => {
    try {
      const answer = await fetch(window.location.href, { method: "HEAD", cache: "no-store" });
      if (answer.status < 500) return window.location.reload();
    } catch {
      // Not even the web process answers: asked again like the rest.
    }
    return setTimeout(ask, seconds * 1000);
  };
  setTimeout(ask, seconds * 1000);
})();
