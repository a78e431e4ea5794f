// Single keys for the desk. Everything they do is a link or a field as well; they are never taken from a field,
// from a combination, or from whoever switched them off.
(() => {
  const panel = document.getElementById("keys");
  const opener = document.getElementById("keys-button");
  if (!panel || !opener) return;
  const OFF = "desk-keys-off";
  const on = panel.querySelector("[name=keys]");
  on.checked = localStorage.getItem(OFF) === null;
  on.addEventListener("change", () => {
    if (on.checked) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "1");
  });
  opener.hidden = false;
  opener.addEventListener("click", () => panel.showModal());
  panel.querySelector("button").addEventListener("click", () => panel.close());

  // On a Russian keyboard the same key gives another letter: where it is none of ours, its place counts.
  const places = { KeyJ: "j", KeyK: "k", KeyX: "x", Slash: "/" };
  const keyOf = (event) => {
    if (/^[jkx/?]$/.test(event.key)) return event.key;
    const place = places[event.code];
    return place === "/" && event.shiftKey ? "?" : place;
  };
  const step = (by) => {
    const rows = [...document.querySelectorAll("[data-rows] tbody a")];
    const at = rows.indexOf(document.activeElement);
    rows[at < 0 ? 0 : Math.min(Math.max(at + by, 0), rows.length - 1)]?.focus();
    return rows.length > 0;
  };
  // Chooses the row of the link in focus; the focus stays, so that j goes on from there.
  const choose = () => {
    const box = document.activeElement?.closest("[data-rows] tbody tr")?.querySelector("input[type=checkbox]");
    box?.click();
    return Boolean(box);
  };
  const find = () => {
    const field = document.querySelector("input[type=search]");
    field?.focus();
    field?.select();
    return Boolean(field);
  };
  const acts = { j: () => step(1), k: () => step(-1), x: choose, "/": find, "?": () => { panel.showModal(); return true; } };
  const typing = (at) => at.isContentEditable || at.closest("input, select, textarea");
  document.addEventListener("keydown", (event) => {
    if (!on.checked || panel.open || event.defaultPrevented || event.isComposing) return;
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (acts[keyOf(event)]?.()) event.preventDefault();
  });
})();
