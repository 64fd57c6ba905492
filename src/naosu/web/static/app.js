// Live parts, keys, and small comforts. Every page also works without this file.
"use strict";
(() => {
  const REFRESH_MIN_MS = 1500;
  const AGE_MS = 60000;
  const state = document.querySelector("[data-live-url]");

  // --- live: the server says that something changed; htmx refreshes the parts that ask for it ---
  let source = null, lastRefresh = 0, waiting = null, mark = null;
  const show = (word) => { if (state) state.dataset.state = word; };
  const refresh = () => {
    if (waiting) return;
    const wait = Math.max(0, lastRefresh + REFRESH_MIN_MS - Date.now());
    waiting = setTimeout(() => {
      waiting = null;
      lastRefresh = Date.now();
      document.body.dispatchEvent(new CustomEvent("naosu:change"));
    }, wait);
  };
  const open = () => {
    if (!state || source) return;
    source = new EventSource(state.dataset.liveUrl);
    source.addEventListener("open", () => show("on"));
    source.addEventListener("change", (event) => {
      if (mark !== null && mark !== event.data) refresh();
      mark = event.data;
    });
    source.addEventListener("error", () => show("wait"));
  };
  const close = () => { if (source) { source.close(); source = null; show("off"); } };
  // A hidden tab holds no connection: browsers allow six to a server.
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  addEventListener("pagehide", close);
  if (!document.hidden) open();
  setInterval(() => { if (!document.hidden) refresh(); }, AGE_MS);

  // --- the reader's time zone, for the server's dates ---
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const known = document.cookie.match(/(?:^|; )naosu_zone=([^;]*)/);
  if (zone && (!known || decodeURIComponent(known[1]) !== zone)) {
    document.cookie = `naosu_zone=${encodeURIComponent(zone)}; path=/; max-age=31536000; samesite=lax`;
    document.addEventListener("DOMContentLoaded", refresh);
  }

  // --- controls that act at once; without this script their button does ---
  document.addEventListener("change", (event) => {
    const field = event.target;
    if (field.matches("[data-submit]")) field.form.requestSubmit();
    if (field.matches("[data-pick-all]")) {
      document.querySelectorAll(`input[name="${field.dataset.pickAll}"]`).forEach((box) => { box.checked = field.checked; });
    }
  });
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy], [data-open-all], [data-show]");
    if (!button) return;
    if (button.dataset.copy) {
      const text = document.getElementById(button.dataset.copy).textContent;
      try { await navigator.clipboard.writeText(text); } catch { return; }
      const words = button.textContent;
      button.textContent = button.dataset.done;
      setTimeout(() => { button.textContent = words; }, 1500);
    }
    if (button.dataset.openAll) {
      const parts = [...document.getElementById(button.dataset.openAll).querySelectorAll("details")];
      const target = !parts.every((part) => part.open);
      parts.forEach((part) => { part.open = target; });
      button.setAttribute("aria-pressed", String(target));
    }
    if (button.dataset.show) document.getElementById(button.dataset.show).showModal();
  });

  // --- keys ---
  const rows = () => [...document.querySelectorAll("[data-row]")];
  const current = () => rows().findIndex((row) => row.getAttribute("aria-selected") === "true");
  const select = (index) => {
    const all = rows();
    if (!all.length) return;
    const next = Math.min(Math.max(index, 0), all.length - 1);
    all.forEach((row, i) => row.setAttribute("aria-selected", String(i === next)));
    all[next].querySelector("a").focus({ preventScroll: true });
    all[next].scrollIntoView({ block: "nearest" });
  };
  const act = (name) => {
    const row = rows()[current()];
    if (row) row.querySelectorAll("input[type=checkbox]").forEach((box) => { box.checked = true; });
    const button = document.querySelector(`[data-key="${name}"]:not(:disabled)`);
    const picked = !button || !button.closest("[data-needs-pick]") || document.querySelector("[data-row] input:checked");
    if (button && picked) button.click();
  };
  const keys = {
    j: () => select(current() + 1),
    k: () => select(current() - 1),
    e: () => act("e"),
    m: () => act("m"),
    x: () => { const box = rows()[current()]?.querySelector("input[type=checkbox]"); if (box) box.checked = !box.checked; },
    "/": () => document.querySelector("[data-search]")?.focus(),
    "?": () => document.getElementById("keys")?.showModal(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest("input:not([type=checkbox]), textarea, select, dialog")) return;
    const key = keys[event.key];
    if (!key) return;
    event.preventDefault();
    key();
  });

  // --- what the reader chose stays through a refresh ---
  const kept = { rows: new Set(), picked: new Set(), open: new Map() };
  document.addEventListener("htmx:before:swap", () => {
    kept.rows = new Set(rows().filter((row) => row.getAttribute("aria-selected") === "true").map((row) => row.id));
    kept.picked = new Set([...document.querySelectorAll("[data-row] input:checked")].map((box) => box.id));
    kept.open = new Map([...document.querySelectorAll("details[id]")].map((part) => [part.id, part.open]));
  });
  document.addEventListener("htmx:after:swap", () => {
    kept.rows.forEach((id) => document.getElementById(id)?.setAttribute("aria-selected", "true"));
    kept.picked.forEach((id) => { const box = document.getElementById(id); if (box) box.checked = true; });
    kept.open.forEach((wasOpen, id) => { const part = document.getElementById(id); if (part) part.open = wasOpen; });
  });
})();
