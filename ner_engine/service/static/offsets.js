// Where things are in a text. The service counts code points, JavaScript counts UTF-16 units, people count graphemes.

/** The UTF-16 index at which each code point of `text` begins, and at the end its length. */
export function codePoints(text) {
  const at = [];
  let unit = 0;
  for (const character of text) {
    at.push(unit);
    unit += character.length;
  }
  at.push(text.length);
  return at;
}

/** Code point offsets, `{start, end}`, with the UTF-16 offsets, `{from, to}`, beside them. */
export function toUnits(spans, at) {
  return spans.map((span) => ({ ...span, from: at[span.start], to: at[span.end] }));
}

/** How many code points stand before a UTF-16 index. */
export function toPoint(unit, at) {
  let low = 0;
  let high = at.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (at[middle] < unit) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The stretch `[from, to)` without the white space at its ends, widened to whole graphemes. */
export function tidied(text, from, to) {
  while (from < to && /\s/.test(text[from])) from += 1;
  while (to > from && /\s/.test(text[to - 1])) to -= 1;
  if (from === to || !Intl.Segmenter) return [from, to];
  const graphemes = new Intl.Segmenter("ko", { granularity: "grapheme" }).segment(text);
  const first = graphemes.containing(from);
  const last = graphemes.containing(to - 1);
  return [first.index, last.index + last.segment.length];
}

/** The spans of `before` that an edit from `before` to `after` has left whole, where they are now. */
export function carried(spans, before, after) {
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < shorter - head && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail += 1;
  const moved = after.length - before.length;
  return spans.flatMap((span) => {
    if (span.to <= head) return [span];
    if (span.from >= before.length - tail) return [{ ...span, from: span.from + moved, to: span.to + moved }];
    return [];
  });
}
