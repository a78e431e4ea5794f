// News without reloading: the server says that something changed, we fetch the page and swap the live parts.
const atTheEnd = () => innerHeight + scrollY > document.documentElement.scrollHeight - 200;
new EventSource("/news").addEventListener("news", async () => {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const follow = atTheEnd();
  for (const id of ["live", "list"]) {
    const now = document.getElementById(id), then = fresh.getElementById(id);
    if (!now || !then || now.innerHTML === then.innerHTML) continue;
    const kept = [...now.children].filter((child, place) => then.children[place]?.outerHTML === child.outerHTML).length;
    // Only what is new is put in, so that a screen reader reads the new message and not the whole talk.
    if (id === "live" && kept === now.children.length) now.append(...[...then.children].slice(kept));
    else now.replaceChildren(...then.childNodes);
  }
  if (follow && document.getElementById("live")) scrollTo(0, document.documentElement.scrollHeight);
});
