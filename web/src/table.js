// A table in its own scrolling box. An estimate and its interval (x, x_lo, x_hi) share one cell.
import { h } from './dom.js';
import { DASH } from './format.js';

const NUMERIC = ['integer', 'real', 'share', 'money'];

// [{ index, column, low, high }]: the columns to show, and where each one's interval stands.
function shownColumns(columns) {
  const at = new Map(columns.map((column, index) => [column.name, index]));
  const bounds = new Set();
  const shown = columns.map((column, index) => {
    const [low, high] = [at.get(`${column.name}_lo`), at.get(`${column.name}_hi`)];
    if (low === undefined || high === undefined) return { index, column };
    bounds.add(low).add(high);
    return { index, column, low, high };
  });
  return shown.filter(entry => !bounds.has(entry.index));
}

export function table({ columns, rows, total_rows: total, title }, format) {
  if (!rows?.length) return h('p.empty', format.words.no_rows);
  const caption = format.text(title);
  const shown = shownColumns(columns).map(entry => {
    const values = [entry.index, entry.low, entry.high].filter(index => index !== undefined)
      .flatMap(index => rows.map(row => row[index]));
    return { ...entry, digits: format.digitsFor(values), numeric: NUMERIC.includes(entry.column.type) };
  });

  const head = shown.map(({ column, numeric }) => {
    const unit = format.unitName(column);
    return h('th', { scope: 'col', class: numeric ? 'number' : null },
      format.text(column.label) || format.name(column.name), unit && h('span.unit', ` (${unit})`));
  });
  const body = rows.map(row => h('tr', shown.map(({ index, column, low, high, digits, numeric }) => {
    const cell = value => format.cell(value, column, digits);
    const ends = low === undefined ? [] : [cell(row[low]), cell(row[high])];
    const text = cell(row[index]);
    return h('td', { class: numeric ? 'number' : text.length > 24 ? 'long' : 'short' }, text,
      ends.some(end => end !== DASH) && h('span.interval', ` ${ends.join(' – ')}`));
  })));

  return h('div',
    h('div.scroller', { tabindex: 0, role: 'region', 'aria-label': caption },
      h('table', h('thead', h('tr', head)), h('tbody', body))),
    total > rows.length && h('p.note', format.say('rows_shown', { shown: format.number(rows.length), total: format.number(total) })));
}
