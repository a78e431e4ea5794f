// Comfort for the desk; everything works without it. The preview follows the form, the undo minute counts down,
// and the panel of a change on its way looks for news.
(() => {
  const form = document.getElementById("move");
  const preview = document.getElementById("preview");
  const moving = document.getElementById("moving");

  if (form && preview) {
    let timer, asked = 0;
    const look = async () => {
      const mine = ++asked;
      try {
        const answer = await fetch(form.dataset.preview, {
          method: "POST", headers: { "X-Part": "preview" }, body: new URLSearchParams(new FormData(form)),
        });
        if (answer.status === 401) return ended();
        if (!answer.ok) throw new Error(String(answer.status));
        const text = await answer.text();
        // Whoever is choosing why not to tell the client keeps what is open; a late answer never replaces a newer one.
        if (mine === asked && !preview.contains(document.activeElement)) preview.innerHTML = text;
      } catch {
        if (mine === asked) say(form.dataset.lost);
      }
    };
    const say = (words) => {
      const line = document.createElement("p");
      line.className = "wrong";
      line.textContent = words;
      preview.replaceChildren(line);
    };
    // Signing in gives the form back as it is; the button sends it there.
    const ended = () => {
      say(form.dataset.ended);
      document.getElementById("preview-button").hidden = false;
    };
    const later = (event) => {
      if (preview.contains(event.target)) return;
      clearTimeout(timer);
      timer = setTimeout(look, 300);
    };
    form.addEventListener("input", later);
    form.addEventListener("change", later);
    document.getElementById("preview-button").hidden = true;
    if (form.querySelector("[name=action]:checked") && !form.querySelector("[name=previewed]")) look();
  }

  // The server says how long is left: the two clocks need not agree.
  let panelShown, ends;
  const count = () => {
    const panel = moving?.querySelector("[data-left]");
    if (!panel) return;
    if (panel !== panelShown) [panelShown, ends] = [panel, performance.now() + 1000 * Number(panel.dataset.left)];
    const shown = panel.querySelector("[data-seconds]");
    shown.hidden = false;
    shown.firstElementChild.textContent = Math.max(0, Math.ceil((ends - performance.now()) / 1000));
  };
  const news = async () => {
    const panel = moving?.querySelector("[data-moves]");
    if (!panel || moving.contains(document.activeElement)) return;
    const answer = await fetch(panel.dataset.moves).catch(() => null);
    if (!answer?.ok) return;
    const text = await answer.text();
    const typing = [...document.querySelectorAll("textarea")].some((area) => area.value !== area.defaultValue);
    if (!text.includes("data-moves") && !typing) location.assign(panel.dataset.moves.replace("/under-way", ""));
    else if (text.trim() !== moving.innerHTML.trim()) { moving.innerHTML = text; count(); }
  };
  if (moving) { count(); setInterval(count, 1000); setInterval(news, 3000); }
})();
