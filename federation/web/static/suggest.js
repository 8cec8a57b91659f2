/* Places proposed while one types; without this the form asks as it always does. */
"use strict";
(() => {
  const form = document.querySelector("form.search[data-suggest]");
  if (!form || !window.AbortController) return;
  const field = form.querySelector("input[name=q]");
  const pause = 200, least = 2;
  let due = 0, asking = null, shown = [], at = -1;

  /* A field for text may have a list by its side; one for searching may not. */
  field.type = "text";
  field.setAttribute("enterkeyhint", "search");
  const list = document.createElement("ul");
  list.id = "q-suggested";
  list.className = "suggested";
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", form.dataset.words);
  const heard = document.createElement("p");
  heard.className = "heard";
  heard.setAttribute("role", "status");
  const traits = {
    role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id,
  };
  for (const [name, value] of Object.entries(traits)) field.setAttribute(name, value);
  form.append(list, heard);

  const choose = (number) => {
    at = number;
    [...list.children].forEach((one, place) => one.setAttribute("aria-selected", String(place === at)));
    if (at < 0) {
      field.removeAttribute("aria-activedescendant");
      return;
    }
    field.setAttribute("aria-activedescendant", list.children[at].id);
    list.children[at].scrollIntoView({ block: "nearest" });
  };
  const show = (found) => {
    shown = found;
    list.replaceChildren(...found.map((one, number) => {
      const item = document.createElement("li");
      item.id = `q-suggested-${number}`;
      item.setAttribute("role", "option");
      const name = document.createElement("b"), where = document.createElement("small");
      name.textContent = one.name;
      where.textContent = ` ${one.where}`;
      item.append(name, where);
      /* Before the field loses the focus, and with it the list. */
      item.addEventListener("pointerdown", (event) => event.preventDefault());
      item.addEventListener("click", () => go(number));
      return item;
    }));
    list.hidden = found.length === 0;
    field.setAttribute("aria-expanded", String(!list.hidden));
    choose(-1);
  };
  const hide = () => {
    clearTimeout(due);
    if (asking) asking.abort();
    asking = null;
    show([]);
    heard.textContent = "";
  };
  const go = (number) => {
    const address = shown[number].href;
    hide();
    location.assign(address);
  };
  const ask = async () => {
    const mine = asking = new AbortController();
    const url = new URL(form.dataset.suggest, location.href);
    url.search = new URLSearchParams(new FormData(form));
    try {
      const answer = await fetch(url, { signal: mine.signal });
      if (!answer.ok) return;
      const { found } = await answer.json();
      if (asking !== mine) return;
      show(found.map((one) => ({ ...one, href: new URL(one.href, url).href })));
      heard.textContent = found.length ? `${form.dataset.words}: ${found.length}` : "";
    } catch {
      /* Nothing is proposed; the button asks. */
    }
  };
  field.addEventListener("input", () => {
    clearTimeout(due);
    if (field.value.trim().length < least) hide();
    else due = setTimeout(ask, pause);
  });
  field.addEventListener("keydown", (event) => {
    if (list.hidden || event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      /* One place is the field itself, behind the last and before the first. */
      const places = shown.length + 1;
      choose((at + 1 + step + places) % places - 1);
    } else if (event.key === "Enter" && at >= 0) {
      event.preventDefault();
      go(at);
    } else if (event.key === "Escape") {
      event.preventDefault();
      hide();
    }
  });
  field.addEventListener("blur", hide);
  form.addEventListener("submit", hide);
})();
