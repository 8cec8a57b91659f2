/* Figures change on the open page when the map has moved; without this the page is whole.
   A node tells it; of a page in a bucket a small file is asked for. */
"use strict";
/* On a page of a reader: how far that is behind the node that writes. The sentence says
   for which moment it holds, so none is wrong later, whoever keeps the page. */
(() => {
  let due = 0, isAsking = false;
  const ask = async () => {
    const line = document.querySelector("footer .lag[data-lag]");
    if (isAsking) return;
    isAsking = true;
    if (line && !document.hidden) {
      let said = line.dataset.away;
      try {
        /* A network that ends without a word must not leave the old sentence there. */
        const signal = AbortSignal.timeout(10000);
        const answer = await fetch(line.dataset.lag, { cache: "no-store", signal });
        if (answer.ok) said = (await answer.json()).said;
      } catch {
        /* Nobody answers. */
      }
      if (line.textContent !== said) line.textContent = said;
    }
    isAsking = false;
    clearTimeout(due);
    due = setTimeout(ask, 15000 + Math.random() * 5000);
  };
  document.addEventListener("visibilitychange", ask);
  addEventListener("pageshow", ask);
})();
(() => {
  const address = document.body.dataset.live;
  if (!address || !window.EventSource) return;
  const sign = document.querySelector(".live");
  const url = new URL(address, location.href);
  let stream = null, due = 0, again = 0, isAsking = false, shown = "";
  /* Where the map is, as the last event said, and how often it was asked for since. */
  let wanted = "", asked = 0;

  /* Of what was there only that is touched which differs: what a reader has opened,
     typed, chosen or scrolled stays as it is. */
  const isApart = (one) => one instanceof Element && one.matches("form.search, .lag");
  const change = (old, fresh) => {
    if (isApart(old) && isApart(fresh)) return; /* the map says nothing in it */
    if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName) {
      old.replaceWith(fresh);
      if (fresh.nodeType === Node.ELEMENT_NODE) fresh.classList.add("news");
    } else if (old.nodeType === Node.TEXT_NODE) {
      if (old.data === fresh.data) return;
      const isNews = old.data.trim() !== fresh.data.trim();
      old.data = fresh.data;
      if (isNews && old.parentElement) old.parentElement.classList.add("news");
    } else if (old.nodeType === Node.ELEMENT_NODE) {
      adopt(old, fresh);
      const ours = [...old.childNodes], theirs = [...fresh.childNodes];
      theirs.forEach((one, at) => {
        if (at < ours.length) {
          change(ours[at], one);
          return;
        }
        old.append(one);
        if (one.nodeType === Node.ELEMENT_NODE) one.classList.add("news");
      });
      ours.slice(theirs.length).forEach((one) => one.remove());
    }
  };
  const kept = new Set(["open", "value", "checked", "selected", "hidden"]);
  const adopt = (old, fresh) => {
    const isField = !(old instanceof HTMLProgressElement);
    const ours = (name) => isField && kept.has(name);
    for (const { name, value } of [...fresh.attributes]) {
      if (!ours(name) && old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    for (const { name } of [...old.attributes]) {
      if (!ours(name) && !fresh.hasAttribute(name)) old.removeAttribute(name);
    }
  };
  document.addEventListener("animationend", (event) => {
    if (event.animationName === "news") event.target.classList.remove("news");
  });

  /* Under a crowd a page may come as it was a moment ago: then it is asked for again. */
  const isBehind = (since) => {
    const [life, at] = (since || "").split("."), [now, to] = wanted.split(".");
    return wanted !== "" && (life !== now || Number(at) < Number(to));
  };
  const ask = async () => {
    due = 0;
    if (isAsking) {
      soon(1000);
      return;
    }
    isAsking = true;
    try {
      /* The browser asks with the ETag that it has. */
      const answer = await fetch(location.href, { cache: "no-cache" });
      if (!answer.ok) return;
      const text = await answer.text();
      const fresh = new DOMParser().parseFromString(text, "text/html");
      const since = new URL(fresh.body.dataset.live || address, location.href);
      asked += 1;
      if (isBehind(since.searchParams.get("since")) && asked < 8) soon(4000);
      if (text === shown) return;
      shown = text;
      document.title = fresh.title;
      for (const part of ["main", "body > footer"]) {
        const old = document.querySelector(part), one = fresh.querySelector(part);
        if (old && one) change(old, one);
      }
      url.search = since.search;
    } catch {
      /* The next event asks again. */
    } finally {
      isAsking = false;
    }
  };
  /* Not all open pages at once. */
  const soon = (within) => {
    if (!due) due = setTimeout(ask, Math.random() * within);
  };
  /* In a bucket: where the map is, whatever part of it this page shows. */
  const isFile = url.pathname.endsWith(".json");
  let seen = url.searchParams.get("since");
  const look = async () => {
    try {
      const answer = await fetch(url.origin + url.pathname, { cache: "no-cache" });
      if (sign) sign.hidden = !answer.ok;
      const { cursor } = await answer.json();
      if (cursor !== seen) soon(1000);
      seen = cursor;
    } catch {
      if (sign) sign.hidden = true;
    }
    listen();
  };
  const listen = () => {
    clearTimeout(again);
    if (stream || document.hidden) return;
    if (isFile) {
      again = setTimeout(look, 4000 + Math.random() * 2000);
      return;
    }
    stream = new EventSource(url);
    stream.onopen = () => { if (sign) sign.hidden = false; };
    stream.addEventListener("map", (event) => {
      const said = JSON.parse(event.data);
      wanted = said.cursor;
      asked = 0;
      soon(said.within_ms);
    });
    stream.onerror = () => {
      if (sign) sign.hidden = true;
      if (!stream || stream.readyState !== EventSource.CLOSED) return;
      /* No place is free: this page looks by itself, now and then. */
      stream = null;
      again = setTimeout(() => { soon(1000); listen(); }, 60000 + Math.random() * 60000);
    };
  };
  /* What else a page shows than the map is looked at now and then. */
  const every = Number(document.body.dataset.every) * 1000;
  if (every) setInterval(() => { if (!document.hidden) soon(0); }, every);
  const stop = () => {
    clearTimeout(again);
    if (stream) stream.close();
    stream = null;
    if (sign) sign.hidden = true;
  };
  /* A page that nobody looks at takes no place. */
  document.addEventListener("visibilitychange", () => (document.hidden ? stop() : listen()));
  addEventListener("pagehide", stop);
  addEventListener("pageshow", listen);
  listen();
})();
