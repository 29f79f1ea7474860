// The report: reads its data, draws the page in one language, and draws it again in the other.
import { h } from './dom.js';
import { makeFormat } from './format.js';
import { words } from './words.js';
import { fitTables, table } from './table.js';
import { chartElement, isHalf, redrawCharts, unmountCharts } from './charts/index.js';

const anchor = section => `section-${section.id}`;
const root = document.getElementById('report');

function tile({ label, period, value, unit, lo, hi, level }, format) {
  const suffix = format.unitName({ unit });
  const exact = format.number(value, unit);
  const interval = format.interval(lo, hi, unit);
  const compact = typeof value === 'number' && Math.abs(value) >= 1e6;
  return h('div.tile',
    h('dt', format.text(label), period && h('span.period', format.text(period))),
    h('dd', { title: compact ? exact : null }, compact ? format.short(value, unit, 4) : exact,
      !/^(krw|money|days)$/.test(unit) && suffix && h('span.unit', suffix),
      interval && h('span.interval', `${format.intervalName(level)} ${interval}`)));
}

function contents(sections, format) {
  return h('nav.contents', { 'aria-label': format.words.contents },
    h('h2', format.words.contents),
    h('ol', sections.map(section => h('li', h('a', { href: `#${anchor(section)}` }, format.text(section.title))))));
}

// What the marks that stand for uncertainty mean, said once under the chart that has them.
function aboutIntervals(chart, format) {
  if (!chart.lo || !chart.hi) return '';
  const interval = format.intervalName(chart.level);
  return format.say(chart.kind === 'bar' || chart.kind === 'calibration' ? 'whiskers' : 'band', { interval });
}

// The numbers behind a chart, for those who read rather than look; built when first opened.
function numbersOf(chart, format) {
  const xUnit = chart.x_unit ?? (['histogram', 'ecdf'].includes(chart.kind) ? chart.unit : chart.kind === 'calibration' ? 'share' : '');
  const yUnit = chart.kind === 'ecdf' || (chart.kind === 'calibration' && !chart.unit) ? 'share' : chart.kind === 'histogram' ? 'count' : chart.unit;
  const unitOf = name => name === chart.x || name === chart.x_hi ? xUnit
    : [chart.y, chart.lo, chart.hi, chart.value].includes(name) && name !== chart.size ? yUnit : '';
  const estimate = chart.y ?? chart.value;
  const rename = name => name === chart.lo ? `${estimate}_lo` : name === chart.hi ? `${estimate}_hi` : name;
  const labels = { [chart.x]: chart.x_label, [chart.y]: chart.y_label };
  const columns = chart.columns.map((name, index) => {
    const numbers = chart.rows.map(row => row[index]).filter(value => typeof value === 'number');
    const unit = unitOf(name);
    const type = !numbers.length ? 'text' : unit === 'share' || unit === 'money' ? unit : numbers.every(Number.isInteger) ? 'integer' : 'real';
    return { name: rename(name), label: labels[name] ?? format.name(name), type, unit };
  });
  const details = h('details.numbers', h('summary', format.words.show_numbers));
  details.addEventListener('toggle', () => details.append(table({ ...chart, columns, total_rows: 0 }, format)), { once: true });
  return details;
}

function figure(chart, wide, format) {
  const note = [format.text(chart.note), aboutIntervals(chart, format)].filter(Boolean).join(' ');
  return h(wide ? 'figure.wide' : 'figure',
    h('figcaption', h('h3', format.text(chart.title)), note && h('p.note', note)),
    chartElement(chart, format),
    chart.rows?.length > 0 && chart.columns && numbersOf(chart, format));
}

// Compact charts that follow one another stand in pairs.
function figures(charts, format) {
  const out = [];
  for (let i = 0; i < charts.length; i++) {
    const pair = isHalf(charts[i]) && charts[i + 1] && isHalf(charts[i + 1]);
    out.push(figure(charts[i], !pair, format));
    if (pair) out.push(figure(charts[++i], false, format));
  }
  return h('div.figures', out);
}

const warningsOf = (warnings, format) => warnings.length > 0 && h('aside.warnings', h('strong', format.words.take_care),
  warnings.length === 1 ? h('p', format.text(warnings[0])) : h('ul', warnings.map(warning => h('li', format.text(warning)))));

const captioned = (each, format) => h('div.table', h('h3', format.text(each.title)), table(each, format));

const pictures = ({ charts, tables }, format) => [figures(charts, format), tables.map(each => captioned(each, format))];

// What a reader asks for who wants to know how good it is: one click away.
function evidence(content, method, format) {
  return h('details.evidence', h('summary', format.words.evidence), content, format.text(method) && h('p.method', format.text(method)));
}

function section(part, format) {
  const [charts, tables, sentences, warnings] = ['charts', 'tables', 'sentences', 'warnings'].map(key => part[key] ?? []);
  const of = evidence => ({ charts: charts.filter(each => Boolean(each.evidence) === evidence), tables: tables.filter(each => Boolean(each.evidence) === evidence) });
  const said = [sentences.map(sentence => h('p', format.text(sentence))), warningsOf(warnings, format)];
  return h('section', { id: anchor(part), 'aria-labelledby': `${anchor(part)}-title` },
    h('h2', { id: `${anchor(part)}-title` }, format.text(part.title)),
    format.text(part.question) && h('p.question', format.text(part.question)),
    part.evidence ? evidence([said, pictures({ charts, tables }, format)], part.method, format)
      : [said, pictures(of(false), format), part.method && evidence(pictures(of(true), format), part.method, format)]);
}

// The answer in words: of each section that leads, what it says first, whom it names first, and the way to the rest.
function opening(sections, format) {
  return sections.filter(({ lead }) => lead).map(part => h('div.lead',
    part.lead.sentences.map(sentence => h('p', format.text(sentence))),
    (part.lead.tables ?? []).map(each => captioned(each, format)),
    h('a', { href: `#${anchor(part)}` }, format.text(part.title))));
}

function bar(data, lang, change) {
  return h('header.bar',
    h('a.skip', { href: '#main' }, words[lang].skip),
    h('span.brand', h('b', 'danggol'), h('span', { lang: 'ko' }, '단골')),
    h('div.toggle', { role: 'group', 'aria-label': words[lang].language },
      Object.entries(words).map(([code, { name }]) => h('button',
        { type: 'button', lang: code, 'data-lang': code, 'aria-pressed': String(code === lang), onclick: () => change(code) }, name))));
}

function render(data, lang, change) {
  const format = makeFormat({ lang, labels: data.labels, currency: data.currency });
  const sections = data.sections ?? [];
  unmountCharts();
  document.documentElement.lang = lang;
  document.title = format.text(data.title);
  root.replaceChildren(
    bar(data, lang, change),
    h('main', { id: 'main' },
      h('div.opening',
        h('h1', format.text(data.title)),
        h('p.meta', data.as_of && h('span', `${format.words.as_of} ${format.date(data.as_of)}`), data.store && h('span', data.store))),
      warningsOf(data.notes ?? [], format),
      h('div.headline', { role: 'region', 'aria-label': format.words.summary }, opening(sections, format)),
      data.tiles?.length > 0 && h('dl.tiles', { 'aria-label': format.words.key_figures }, data.tiles.map(each => tile(each, format))),
      sections.length > 1 && contents(sections, format),
      sections.map(part => section(part, format))),
    h('footer', h('span', `danggol ${data.version ?? ''}`), data.generated && h('span', `${format.words.generated} ${format.date(data.generated)} UTC`)));
}

// Another language, the reader still at the same section and the same button.
function changeTo(data, lang) {
  const sections = [...root.querySelectorAll('section')];
  const here = sections.findLast?.(each => each.getBoundingClientRect().top < innerHeight / 3);
  const offset = here?.getBoundingClientRect().top;
  render(data, lang, next => changeTo(data, next));
  root.querySelector(`[data-lang="${lang}"]`).focus({ preventScroll: true });
  if (!here) return;
  requestAnimationFrame(() => requestAnimationFrame(() => {
    scrollBy({ top: document.getElementById(here.id).getBoundingClientRect().top - offset, behavior: 'instant' });
  }));
}

function start() {
  const text = document.getElementById('report-data').textContent.trim();
  const both = (key, detail = '') => root.replaceChildren(
    ...Object.keys(words).map(lang => h('p.fatal', { lang }, words[lang][key], detail)));
  if (text.startsWith('__')) return both('template');
  let data;
  try {
    data = JSON.parse(text);
  } catch (error) {
    return both('unreadable', `: ${error.message}`);
  }
  render(data, Object.hasOwn(words, data.lang) ? data.lang : 'en', lang => changeTo(data, lang));
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => redrawCharts());
  // Paper is always light, and the charts take their colours from the style sheet.
  for (const [event, printing] of [['beforeprint', true], ['afterprint', false]]) {
    addEventListener(event, () => {
      document.documentElement.classList.toggle('printing', printing);
      fitTables();
      redrawCharts({ printing });
    });
  }
}

start();
