// Sentences, numbers and times for people, in the language that was chosen.

/* As whoever led here says (`#id`, `#en`), else as the browser does. */
let language = ["id", "en"].find((one) => location.hash === `#${one}`)
  ?? (navigator.language?.toLowerCase().startsWith("en") ? "en" : "id");

/** A sentence with its places filled in, in one pass: a value is never read again. */
function say(name, values = {}) {
  const template = data.words[name]?.[language];
  if (template === undefined) return null;
  return template.replace(/\{([a-z_]+)\}/g, (_, place) => String(values[place]));
}

function sayNumber(value) {
  return value.toLocaleString(language === "id" ? "id-ID" : "en-GB");
}

const MONTHS = {
  id: "Januari Februari Maret April Mei Juni Juli Agustus September Oktober November Desember",
  en: "January February March April May June July August September October November December",
};

/** Unix seconds as a time of western Indonesia, which has no summer time. */
function sayTime(seconds) {
  const time = new Date((seconds + 7 * 3600) * 1000);
  if (Number.isNaN(time.getTime())) return String(seconds);
  const two = (number) => String(number).padStart(2, "0");
  const month = MONTHS[language].split(" ")[time.getUTCMonth()];
  const day = `${time.getUTCDate()} ${month} ${time.getUTCFullYear()}`;
  const point = language === "id" ? "." : ":";
  return `${day} ${two(time.getUTCHours())}${point}${two(time.getUTCMinutes())} WIB`;
}

/** An element with text, or with others in it; never markup. */
function element(tag, attributes, ...inner) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...inner.filter((one) => one !== null && one !== undefined));
  return made;
}
