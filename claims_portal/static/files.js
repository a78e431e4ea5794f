// Sends files in pieces (tus 1.0), so that a broken line loses nothing. Without it the form sends them in one go.
(() => {
  const form = document.getElementById("files-form");
  if (!form || !window.fetch) return;
  const said = document.getElementById("sending");
  const PIECE = 1 << 20, TUS = { "Tus-Resumable": "1.0.0" };
  const TRIES = 8;
  const words = (key, values) =>
    Object.entries(values).reduce((text, [name, value]) => text.replace(`{${name}}`, value), form.dataset[key]);
  const base64 = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));
  const wait = (ms) => new Promise((done) => setTimeout(done, ms));

  const line = (file) => {
    const block = document.createElement("div");
    const text = document.createElement("p");
    const bar = document.createElement("progress");
    bar.max = file.size || 1;
    bar.value = 0;
    bar.setAttribute("aria-label", file.name);
    block.append(text, bar);
    said.append(block);
    return { text, bar };
  };
  // A refusal says why in the reader's own words and is final; everything else is the line, and is tried again.
  class Refused extends Error {}
  const must = async (answer, good) => {
    if (good.includes(answer.status)) return answer;
    if (answer.status < 500 && answer.status !== 429) throw new Refused(answer.status === 401 ? "" : await answer.text());
    throw new Error(answer.status);
  };
  const begin = async (file) => {
    const about = form.elements.about.value, keep = form.elements.position.checked;
    const meta = [`filename ${base64(file.name)}`, `about ${base64(about)}`, keep && `position ${base64("keep")}`];
    const headers = { ...TUS, "Upload-Length": file.size, "Upload-Metadata": meta.filter(Boolean).join(",") };
    const answer = await must(await fetch(form.action + "/new", { method: "POST", headers }), [201]);
    return answer.headers.get("Location");
  };
  const arrived = async (where) => {
    const answer = await must(await fetch(where, { method: "HEAD", headers: TUS }), [200]);
    return Number(answer.headers.get("Upload-Offset"));
  };
  const send = async (file, { text, bar }) => {
    let where = null, at = 0, failed = 0, broke = false;
    while (where === null || at < file.size) {
      try {
        if (where === null) where = await begin(file);
        if (broke) at = await arrived(where);
        broke = false;
        if (at >= file.size) break;
        const headers = { ...TUS, "Upload-Offset": at, "Content-Type": "application/offset+octet-stream" };
        const body = file.slice(at, at + PIECE);
        const answer = await must(await fetch(where, { method: "PATCH", headers, body }), [204, 409]);
        if (answer.status === 409) at = await arrived(where);
        else at = Number(answer.headers.get("Upload-Offset"));
        failed = 0;
        bar.value = at;
        text.textContent = words("sending", { name: file.name, pct: Math.floor((100 * at) / file.size) });
      } catch (problem) {
        if (problem instanceof Refused || ++failed > TRIES) throw problem;
        broke = where !== null;
        text.textContent = words("again", { name: file.name });
        await wait(Math.min(500 * 2 ** failed, 15000));
      }
    }
    text.textContent = words("sent", { name: file.name });
  };

  form.addEventListener("submit", async (event) => {
    const files = [...form.querySelectorAll("[type=file]")].flatMap((field) => [...field.files]);
    if (!files.length) return; // the server says what is missing
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    said.replaceChildren();
    let sent = 0;
    for (const file of files) {
      const shown = line(file);
      try {
        await send(file, shown);
        sent += 1;
      } catch (problem) {
        shown.text.className = "error";
        shown.text.textContent = `${file.name}: ${problem instanceof Refused && problem.message ? problem.message : form.dataset.lost}`;
        shown.bar.remove();
      }
    }
    button.disabled = false;
    if (sent === files.length) location.assign(`${location.pathname}?sent=${sent}#send-files`);
  });
})();
