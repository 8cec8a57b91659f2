/* Comfort for whoever reads forms; the page works without it. Nothing is loaded from elsewhere. */
"use strict";
(() => {
  const form = document.querySelector("form.paper");
  if (!form) return;
  if (!form.querySelector("button.save")) return;
  const fields = [...form.querySelectorAll("input[inputmode=numeric]")];
  const number = (name) => {
    const field = form.elements[name];
    const text = field ? field.value.replace(/\s/g, "") : "";
    return /^[0-9]{1,6}$/.test(text) ? Number(text) : null;
  };

  /* Sums, while one types: only over what has been typed on both sides. */
  const list = form.querySelector(".sums");
  const rules = JSON.parse(form.dataset.sums);
  const check = () => {
    const failed = rules.filter((rule) => {
      const total = number(rule.total);
      const parts = rule.parts.map(number);
      const some = (rule.some || []).map(number).filter((part) => part !== null);
      if (total === null || parts.includes(null) || (rule.some && !some.length)) return false;
      return parts.concat(some).reduce((sum, part) => sum + part, 0) !== total;
    });
    const texts = failed.map((rule) => rule.text);
    if ([...list.children].map((item) => item.textContent).join("\n") === texts.join("\n")) return;
    list.replaceChildren(...texts.map((text) => {
      const item = document.createElement("li");
      item.textContent = text;
      return item;
    }));
    list.hidden = texts.length === 0;
  };
  form.addEventListener("input", check);
  check();

  /* Enter goes on to the next field that is seen; from the last one to the button. What
     stands in a closed part has a place all the same, where a browser can find it there. */
  const isSeen = (field) => (field.checkVisibility ? field.checkVisibility() : field.offsetParent !== null);
  form.addEventListener("keydown", (event) => {
    const at = fields.indexOf(event.target);
    if (event.key !== "Enter" || at < 0) return;
    event.preventDefault();
    const seen = fields.slice(at + 1).find(isSeen);
    const next = seen || form.querySelector("button.save");
    next.focus();
    if (next.select) next.select();
  });
  if (matchMedia("(min-width: 60rem)").matches && !form.querySelector(".asked")) {
    fields[0].focus({ preventScroll: true });
  }

  /* The photograph: larger, smaller, turned, moved with the mouse. */
  for (const sheet of document.querySelectorAll(".sheet")) {
    const image = sheet.querySelector("img");
    if (!image) continue;
    const figure = sheet.closest("figure");
    const caption = figure.querySelector("figcaption");
    let size = 1, turned = 0;
    const draw = () => {
      /* On its side, its height is what must fit. */
      const isAside = turned % 180 !== 0;
      const fit = isAside ? image.naturalWidth / (image.naturalHeight || 1) : 1;
      image.style.width = `${size * fit * 100}%`;
      image.style.maxWidth = "none";
      image.style.transform = turned ? `rotate(${turned}deg)` : "";
      const off = isAside ? (image.offsetWidth - image.offsetHeight) / 2 : 0;
      image.style.margin = `${off}px ${-off}px`;
    };
    const zoom = (by) => {
      const middle = [sheet.scrollLeft + sheet.clientWidth / 2, sheet.scrollTop + sheet.clientHeight / 2];
      const before = size;
      size = Math.min(6, Math.max(1, size * by));
      draw();
      sheet.scrollLeft = middle[0] * size / before - sheet.clientWidth / 2;
      sheet.scrollTop = middle[1] * size / before - sheet.clientHeight / 2;
    };
    const button = (text, label, act) => {
      const made = document.createElement("button");
      made.type = "button";
      made.className = "small";
      made.textContent = text;
      made.setAttribute("aria-label", label);
      made.addEventListener("click", act);
      return made;
    };
    const words = form.dataset;
    caption.prepend(
      button("+", words.larger, () => zoom(1.5)),
      button("−", words.smaller, () => zoom(1 / 1.5)),
      button("↻", words.rotate, () => { turned = (turned + 90) % 360; draw(); sheet.scrollTo(0, 0); }),
    );
    /* What enlarges without a script would be a control that has no name now. */
    figure.querySelector(".enlarge").remove();
    caption.querySelector("label").remove();
    sheet.addEventListener("wheel", (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      zoom(event.deltaY < 0 ? 1.2 : 1 / 1.2);
    }, { passive: false });
    let from = null;
    sheet.addEventListener("pointerdown", (event) => {
      if (event.pointerType !== "mouse" || event.button !== 0) return;
      event.preventDefault();
      from = [event.clientX + sheet.scrollLeft, event.clientY + sheet.scrollTop];
      sheet.setPointerCapture(event.pointerId);
    });
    sheet.addEventListener("pointermove", (event) => {
      if (!from) return;
      sheet.scrollLeft = from[0] - event.clientX;
      sheet.scrollTop = from[1] - event.clientY;
    });
    for (const end of ["pointerup", "pointercancel"]) sheet.addEventListener(end, () => { from = null; });
  }

  /* Whoever is still at it keeps the form: said at most every three minutes. */
  let said = Date.now();
  const still = () => {
    if (Date.now() - said < 180_000) return;
    said = Date.now();
    fetch(form.dataset.still, { method: "POST", body: new URLSearchParams(new FormData(form)), redirect: "error" })
      .catch(() => {});
  };
  for (const event of ["input", "pointerdown", "keydown"]) document.addEventListener(event, still);
})();
