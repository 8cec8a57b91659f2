/* A photograph in pieces, so that a line that breaks costs one of them. Without this the form sends it whole. */
"use strict";
(() => {
  const form = document.querySelector("form[data-pieces]");
  if (!form || !window.fetch || !window.AbortController) return;
  const words = form.dataset, picked = form.elements.photo, button = form.querySelector("button");
  const told = document.createElement("p");
  told.setAttribute("role", "status");
  form.append(told);
  const PIECE = 1 << 17, PATIENCE_MS = 60000, LONGEST_S = 30;

  /* The same file has the same name here, also after the page was closed. */
  const nameOf = (file) => {
    const text = file.name + "/" + file.size + "/" + file.lastModified;
    let name = "";
    for (const seed of [1, 2, 3, 4]) {
      let sum = 2166136261 ^ seed;
      for (const c of text) sum = Math.imul(sum ^ c.codePointAt(0), 16777619);
      name += (sum >>> 0).toString(16).padStart(8, "0");
    }
    return name;
  };
  const pause = (seconds) => new Promise((go) => {
    const timer = setTimeout(go, seconds * 1000);
    addEventListener("online", () => { clearTimeout(timer); go(); }, { once: true });
  });
  const ask = async (where, given) => {
    const stop = new AbortController(), timer = setTimeout(() => stop.abort(), PATIENCE_MS);
    try {
      const answer = await fetch(where, { cache: "no-store", signal: stop.signal, ...given });
      const wait = Number(answer.headers.get("Retry-After")) || 0;
      if (answer.status === 429 || answer.status >= 500) return { wait: wait || 5 };
      const said = await answer.json().catch(() => ({}));
      if (!answer.ok && answer.status !== 409) return { stop: said.said || words.stopped };
      return said;
    } catch (_) {
      return { wait: 0 };
    } finally {
      clearTimeout(timer);
    }
  };
  const send = async (file) => {
    const where = words.pieces + nameOf(file);
    let state = null, wait = 1;
    for (;;) {
      const at = state ? state.offset : 0;
      if (state) told.textContent = words.sending.replace("#", Math.floor((100 * at) / file.size));
      const next = await ask(where, state && {
        method: "POST",
        body: file.slice(at, at + PIECE),
        headers: {
          "Content-Type": "application/partial-upload", "Form-Token": form.elements.form_token.value,
          "Upload-Offset": String(at), "Upload-Length": String(file.size),
        },
      });
      if (next.stop) return next.stop;
      if (next.done) { location.href = next.next; return ""; }
      if ("wait" in next) {
        told.textContent = words.waiting;
        await pause(Math.max(wait, next.wait));
        wait = Math.min(2 * wait, LONGEST_S);
        state = null; /* what has come of the piece is kept there: ask how much */
      } else {
        state = next;
        wait = 1;
      }
    }
  };
  form.addEventListener("submit", async (event) => {
    const file = picked.files[0];
    if (!file) return;
    event.preventDefault();
    button.disabled = true;
    told.textContent = await send(file);
    button.disabled = false;
  });
})();
