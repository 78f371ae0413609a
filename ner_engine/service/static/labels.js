// What labels and values are called, and how a text with entities is drawn. Text goes in by textContent alone.

const NAMES = {
  PS: "사람", PER: "사람", LC: "장소", LOC: "장소", OG: "기관", ORG: "기관", DT: "날짜", DAT: "날짜", TI: "시간",
  TIM: "시간", QT: "수량", NOH: "수량", FOOD: "음식", DUR: "기간", MNY: "돈", PNT: "비율", POH: "고유명사",
  AF: "인공물", EV: "사건", CV: "문화", TM: "용어", PRODUCT: "상품",
};
const HUES = {
  PS: 0, PER: 0, LC: 1, LOC: 1, OG: 2, ORG: 2, DT: 3, DAT: 3, TI: 4, TIM: 4, QT: 5, NOH: 5, FOOD: 6, DUR: 7, MNY: 5,
};
const HUE_COUNT = 8;
const KINDS = {
  date: "날짜", time: "시각", moment: "일시", duration: "길이", recurrence: "반복", number: "수", ordinal: "순서",
  quantity: "수량", money: "금액", score: "점수", phone: "전화번호", email: "이메일", place: "장소",
};
const UNITS = { Y: "년", M: "개월", W: "주", D: "일", TH: "시간", TM: "분", TS: "초" };

/** "사람 PS", or the label alone where it has no name. */
export function named(label) {
  return Object.hasOwn(NAMES, label) ? `${NAMES[label]} ${label}` : label;
}

/** A probability with two digits, cut: 1.00 is said of what is certain alone. */
export function share(score) {
  return (Math.floor(score * 100 + 1e-9) / 100).toFixed(2);
}

/** The class that gives a label its colour; the same label has the same one always. */
export function hue(label) {
  if (Object.hasOwn(HUES, label)) return `hue-${HUES[label]}`;
  let sum = 0;
  for (const character of label) sum = (sum * 31 + character.codePointAt(0)) % 9973;
  return `hue-${sum % HUE_COUNT}`;
}

export function kindOf(value) {
  return (value && KINDS[value.kind]) || "";
}

/** What an entity means, in short: "2026-11-22", "30,000원", "1시간 30분". */
export function meaning(value) {
  if (value === null || value === undefined) return "";
  if (typeof value !== "object") return String(value);
  const said = value.value ?? value.iso;
  if (said === undefined || said === null) return JSON.stringify(value);
  const about = value.approximate ? "약 " : "";
  const upTo = value.upper === undefined || value.upper === null ? "" : `~${counted(value.upper)}`;
  if (value.kind === "duration") return about + duration(String(said));
  if (value.kind === "ordinal") return `${counted(said)}번째`;
  if (value.kind === "money") {
    const unit = !value.currency || value.currency === "KRW" ? "원" : ` ${value.currency}`;
    return about + counted(said) + upTo + unit;
  }
  if (value.kind === "quantity") return `${about}${counted(said)}${upTo} ${value.unit ?? ""}`.trim();
  if (value.kind === "moment") return String(said).replaceAll(/T(\d\d:\d\d(?::\d\d)?)(?:[+-]\d\d:\d\d|Z)?/g, " $1").replace("/", " ~ ");
  if (value.kind === "date" || value.kind === "time") return String(said).replace("/", " ~ ");
  return about + counted(said) + upTo;
}

function counted(number) {
  return typeof number === "number" ? number.toLocaleString("ko-KR", { maximumFractionDigits: 6 }) : String(number);
}

/** "PT1H30M" -> "1시간 30분"; what is no ISO 8601 duration stays as it is. */
function duration(iso) {
  const parts = /^P(?:([\d.]+)Y)?(?:([\d.]+)M)?(?:([\d.]+)W)?(?:([\d.]+)D)?(?:T(?:([\d.]+)H)?(?:([\d.]+)M)?(?:([\d.]+)S)?)?$/.exec(iso);
  const units = Object.values(UNITS);
  const said = parts ? parts.slice(1).flatMap((n, i) => (n === undefined ? [] : [n + units[i]])) : [];
  return said.join(" ") || iso;
}

/** An element with a class, a text and attributes. */
export function element(tag, { text, className, ...attributes } = {}) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

/**
 * Put `text` into `place`, its spans (UTF-16 `from`, `to`) marked. What stands beside a mark is drawn by the style
 * sheet from its attributes, so that the text of `place` is `text` and nothing else.
 */
export function paint(place, text, spans) {
  const nodes = [];
  let at = 0;
  for (const span of [...spans].sort((a, b) => a.from - b.from)) {
    if (span.from < at || span.to > text.length) continue;
    if (span.from > at) nodes.push(text.slice(at, span.from));
    const mark = element("mark", { text: text.slice(span.from, span.to), className: `entity ${hue(span.label)}` });
    mark.dataset.label = named(span.label);
    if (span.score !== undefined) mark.dataset.score = share(span.score);
    const meant = meaning(span.value);
    if (meant) mark.dataset.value = meant;
    if (span.mine) mark.dataset.mine = "";
    nodes.push(mark);
    at = span.to;
  }
  if (at < text.length) nodes.push(text.slice(at));
  place.replaceChildren(...nodes);
}
