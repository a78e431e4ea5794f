// What is new appears by itself: the stream says that something is, the page fetched anew says what. Nothing that is
// typed, open or in focus is lost; a page that nobody sees listens to nothing.
(() => {
  const said = document.getElementById("news");
  if (!said || !window.EventSource) return;
  const PARTS = ["header.hero", "main", "footer.foot"], SLOW = 5000;
  const named = (part) => part.getAttribute("aria-labelledby") || part.getAttribute("aria-label") || "";
  const all = (at, what) => [...at.querySelectorAll(what)];
  const pieces = (page) => {
    const [head, main, foot] = PARTS.map((part) => page.querySelector(part));
    return { head, main, foot, cards: [...main.children] };
  };
  const looks = (page) => new Map([page.head, page.foot, ...page.cards].map((part, at) => [at, part.outerHTML]));
  let shown = looks(pieces(document));
  let stream = null, version = null, turn = Promise.resolve();

  const key = (el) => el.id || el.getAttribute("href") || el.name || el.textContent.trim();
  const swap = (old, fresh) => {
    const focused = old.contains(document.activeElement) ? document.activeElement : null;
    const { selectionStart: from, selectionEnd: to } = focused || {};
    for (const field of all(old, "textarea,input")) {
      const twin = all(fresh, field.tagName).find((other) => other.name === field.name);
      if (twin && field.value !== field.defaultValue) twin.value = field.value;
      if (twin && field.checked !== field.defaultChecked) twin.checked = field.checked;
    }
    const twins = all(fresh, "details");
    all(old, "details").forEach((block, at) => twins[at] && (twins[at].open ||= block.open));
    old.replaceWith(fresh);
    const again = focused && all(fresh, "a,button,textarea,input,summary").find((el) => key(el) === key(focused));
    if (again) again.focus({ preventScroll: true });
    if (again && again.tagName === "TEXTAREA") again.setSelectionRange(from, to);
  };
  const show = (fresh) => {
    const old = pieces(document), next = pieces(fresh), will = looks(next);
    const differs = [...will].map(([at, html]) => html !== shown.get(at));
    const headings = next.cards.filter((card, at) => differs[at + 2]).map((card) => card.querySelector("h2"));
    if (old.cards.map(named).join() === next.cards.map(named).join())
      old.cards.forEach((card, at) => {
        if (!differs[at + 2]) return;
        next.cards[at].dataset.news = "";
        swap(card, next.cards[at]);
      });
    else swap(old.main, next.main);
    if (differs[0]) swap(old.head, next.head);
    if (differs[1]) swap(old.foot, next.foot);
    shown = will;
    document.title = fresh.title;
    const words = [differs[0] && fresh.querySelector("h1"), ...headings].filter(Boolean).map((el) => el.textContent);
    if (words.length) said.textContent = `${said.dataset.said} ${words.join(", ")}`;
  };
  const refresh = async () => {
    const answer = await fetch(said.dataset.at, { headers: { "X-By-Itself": "1" } });
    if (answer.redirected) location.assign(answer.url);
    else if (answer.ok) show(new DOMParser().parseFromString(await answer.text(), "text/html"));
  };
  const hear = ({ data }) => {
    // What came between the page and the first figure is asked for only where there was time for it.
    const isNew = version === null ? performance.now() > SLOW : version !== data;
    version = data;
    if (isNew) turn = turn.then(refresh).catch(() => { version = ""; });
  };
  const listen = () => {
    if (document.hidden) {
      if (stream) stream.close();
      stream = null;
    } else if (!stream) {
      stream = new EventSource(`${said.dataset.at}/news`);
      stream.onmessage = hear;
    }
  };
  document.addEventListener("visibilitychange", listen);
  addEventListener("pagehide", () => { if (stream) stream.close(); stream = null; });
  addEventListener("pageshow", listen);
})();
