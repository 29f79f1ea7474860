// A table of which nothing is cut off: where its columns do not fit, each row becomes a card of labelled values. An estimate
// and its interval (x, x_lo, x_hi) share one cell.
import { h } from './dom.js';
import { DASH } from './format.js';

const NUMERIC = ['integer', 'real', 'share', 'money'];

// [{ index, column, low, high }]: the columns that say anything, and where each one's interval stands.
function shownColumns(columns, rows) {
  const at = new Map(columns.map((column, index) => [column.name, index]));
  const bounds = new Set();
  const shown = columns.map((column, index) => {
    const [low, high] = [at.get(`${column.name}_lo`), at.get(`${column.name}_hi`)];
    if (low === undefined || high === undefined) return { index, column };
    bounds.add(low).add(high);
    return { index, column, low, high };
  });
  return shown.filter(({ index }) => !bounds.has(index) && rows.some(row => row[index] !== null && row[index] !== ''));
}

// Rows or cards, whichever fits the width, and the first of them; looked at again when the width changes. The others come
// when they are asked for, and on paper.
const watch = new ResizeObserver(entries => entries.forEach(({ target }) => fit(target)));

function fit(box) {
  if (!box.clientWidth) return;
  const [rows, button] = [[...box.querySelectorAll('tbody tr')], box.nextElementSibling];
  for (const each of [box, ...rows]) each.classList.remove('cards', 'rest');  // measured whole, whatever is folded
  const cards = box.classList.toggle('cards', box.scrollWidth > box.clientWidth);
  const [first, spare] = cards ? [3, 0] : [10, 2];
  const folds = !box.classList.contains('open') && rows.length > first + spare;
  rows.forEach((row, at) => row.classList.toggle('rest', folds && at >= first));
  button.hidden = !folds;
}

export const fitTables = () => document.querySelectorAll('.rows').forEach(fit);

export function table({ columns, rows, total_rows: total, title }, format) {
  if (!rows?.length) return h('p.empty', format.words.no_rows);
  const caption = format.text(title);
  const shown = shownColumns(columns, rows).map(entry => {
    const values = [entry.index, entry.low, entry.high].filter(index => index !== undefined)
      .flatMap(index => rows.map(row => row[index]));
    const unit = format.unitName(entry.column);
    const label = format.text(entry.column.label) || format.name(entry.column.name);
    return { ...entry, label, unit, digits: format.digitsFor(values), numeric: NUMERIC.includes(entry.column.type) };
  });

  const head = shown.map(({ label, unit, numeric }) => h('th', { scope: 'col', class: numeric ? 'number' : null }, label, unit && h('span.unit', ` (${unit})`)));
  const body = rows.map(row => h('tr', shown.map(({ index, column, label, low, high, digits, numeric }) => {
    const cell = value => format.cell(value, column, digits);
    const ends = low === undefined ? [] : [cell(row[low]), cell(row[high])];
    return h('td', { class: numeric ? 'number' : column.type === 'date' ? 'date' : null, 'data-label': label }, h('span', cell(row[index]),
      ends.some(end => end !== DASH) && h('span.interval', ` ${ends.join(' – ')}`)));
  })));

  const box = h('div.rows', h('table', { 'aria-label': caption }, h('thead', h('tr', head)), h('tbody', body)));
  const open = () => {
    box.classList.add('open');
    fit(box);
  };
  watch.observe(box);
  return h('div', box, h('button.more', { type: 'button', onclick: open }, format.say('show_rows', { total: format.number(rows.length) })),
    total > rows.length && h('p.note', format.say('rows_shown', { shown: format.number(rows.length), total: format.number(total) })));
}
