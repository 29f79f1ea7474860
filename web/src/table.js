// A table of which nothing is cut off: where its columns do not fit, each row becomes a card of labelled values. An estimate
// and its interval (x, x_lo, x_hi) share one cell.
import { h } from './dom.js';
import { DASH } from './format.js';

const NUMERIC = ['integer', 'real', 'share', 'money'];
const FIRST_ROWS = 10;

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

// Rows or cards, whichever fits the width; looked at again when that changes.
const watch = new ResizeObserver(entries => entries.forEach(({ target }) => fit(target)));

function fit(box) {
  if (!box.clientWidth) return;
  box.classList.remove('cards');
  box.classList.toggle('cards', box.scrollWidth > box.clientWidth);
}

export const fitTables = () => document.querySelectorAll('.rows').forEach(fit);

// The rows beyond the first come when asked for; on paper they are there.
function more(body, total, format) {
  const rest = body.slice(FIRST_ROWS);
  if (rest.length < 3) return '';
  rest.forEach(row => row.classList.add('rest'));
  const button = h('button.more', { type: 'button' }, format.say('show_rows', { total: format.number(total) }));
  button.addEventListener('click', () => {
    rest.forEach(row => row.classList.remove('rest'));
    button.remove();
  });
  return button;
}

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
    return h('td', { class: numeric ? 'number' : null, 'data-label': label }, h('span', cell(row[index]),
      ends.some(end => end !== DASH) && h('span.interval', ` ${ends.join(' – ')}`)));
  })));

  const box = h('div.rows', h('table', { 'aria-label': caption }, h('thead', h('tr', head)), h('tbody', body)));
  watch.observe(box);
  return h('div', box, more(body, rows.length, format),
    total > rows.length && h('p.note', format.say('rows_shown', { shown: format.number(rows.length), total: format.number(total) })));
}
