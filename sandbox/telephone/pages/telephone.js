// News without reloading: the server says that something changed, we fetch the page and swap the live part.
new EventSource("/news").addEventListener("news", async () => {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("live");
  const live = document.getElementById("live");
  if (fresh && live) live.replaceChildren(...fresh.childNodes);
});
