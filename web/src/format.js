// Values as a reader of one language writes them. Every function takes null and gives a dash.
import { filled, words as allWords } from './words.js';

const CURRENCIES = ['krw', 'usd', 'eur', 'gbp', 'jpy', 'cny'];
const ISO_DATE = /^\d{4}-\d{2}(-\d{2})?$/;
const ISO_TIME = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}/;
export const DASH = '–';

export const isDate = value => typeof value === 'string' && (ISO_DATE.test(value) || ISO_TIME.test(value));
const isMonth = value => /^\d{4}-\d{2}(-01)?$/.test(value);
const missing = value => value === null || value === undefined || value === '' || Number.isNaN(value);

export function makeFormat({ lang, labels = {}, currency = null }) {
  const words = allWords[lang];
  const cache = new Map();
  const intl = (Kind, options) => {
    const key = Kind.name + JSON.stringify(options);
    if (!cache.has(key)) cache.set(key, new Kind(words.locale, options));
    return cache.get(key);
  };
  const plain = (value, options) => intl(Intl.NumberFormat, options).format(value);

  const pick = translated => typeof translated === 'object' && translated !== null
    ? translated[lang] ?? translated.en ?? Object.values(translated)[0] ?? '' : translated ?? '';

  // The currency a unit stands for: its own name, or the report's currency for "money".
  function currencyOf(unit) {
    const code = unit === 'money' ? currency : unit;
    return code && CURRENCIES.includes(code.toLowerCase()) ? code.toUpperCase() : null;
  }

  function money(value, code, options) {
    if (words.after[code]) return `${plain(value, options)}${options.notation ? ' ' : ''}${words.after[code]}`;
    return plain(value, { style: 'currency', currency: code, currencyDisplay: 'narrowSymbol', ...options });
  }

  const share = value => value !== 0 && Math.abs(value) < 0.001
    ? plain(value, { style: 'percent', maximumSignificantDigits: 2 })
    : plain(value, { style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1 });

  // Digits after the point that leave about three significant ones in the largest of a set of numbers.
  function digitsFor(values) {
    const sizes = values.filter(Number.isFinite);
    if (sizes.every(Number.isInteger)) return 0;
    const largest = sizes.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    return Math.min(4, Math.max(0, 2 - Math.floor(Math.log10(largest || 1))));
  }

  function real(value, digits = digitsFor([value])) {
    const size = Math.abs(value);
    if (size !== 0 && size < 10 ** -digits) {
      return plain(value, { maximumSignificantDigits: 2, notation: size < 1e-6 ? 'scientific' : 'standard' });
    }
    return plain(value, { minimumFractionDigits: digits, maximumFractionDigits: digits });
  }

  // In full, with its unit: for tooltips and tables.
  function number(value, unit = '') {
    if (missing(value)) return DASH;
    if (typeof value !== 'number') return label(value);
    const code = currencyOf(unit);
    if (unit === 'share') return share(value);
    if (code) return money(value, code, { maximumFractionDigits: code === 'KRW' || code === 'JPY' ? 0 : 2 });
    if (unit === 'days') return plain(value, { style: 'unit', unit: 'day', unitDisplay: 'long', maximumFractionDigits: 1 });
    return Number.isInteger(value) ? real(value, 0) : real(value, digitsFor([value]) + 1);
  }

  // Short, for axes, cells of a heat map and tiles: "1.2m", "101.2억 원", "45%".
  function short(value, unit = '', significant = 3) {
    if (missing(value)) return DASH;
    if (typeof value !== 'number') return label(value);
    const size = Math.abs(value);
    if (unit === 'share') return plain(value, { style: 'percent', maximumFractionDigits: size < 0.1 ? 1 : 0 });
    const options = { notation: 'compact', maximumSignificantDigits: Math.max(2, significant), useGrouping: true };
    const code = currencyOf(unit);
    if (code && size >= 1e4) return money(value, code, options);
    if (code) return money(value, code, { maximumFractionDigits: 0 });
    if (size >= 1e4) return plain(value, options);
    return plain(value, Number.isInteger(value) ? {} : { maximumSignificantDigits: significant + 1 });
  }

  function date(value) {
    if (missing(value)) return DASH;
    const text = String(value);
    if (!isDate(text)) return label(value);
    const time = ISO_TIME.test(text);
    const at = new Date(time ? text.replace(' ', 'T').replace(/Z?$/, 'Z') : `${text.slice(0, 10)}${text.length === 7 ? '-01' : ''}T00:00Z`);
    if (Number.isNaN(at.getTime())) return text;
    const options = { year: 'numeric', month: words.month, timeZone: 'UTC' };
    if (text.length > 7) options.day = 'numeric';
    if (time) Object.assign(options, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
    return intl(Intl.DateTimeFormat, options).format(at);
  }

  const month = value => isMonth(value)
    ? intl(Intl.DateTimeFormat, { year: words.year, month: 'short', timeZone: 'UTC' })
      .format(new Date(`${value.slice(0, 7)}-01T00:00Z`))
    : label(value);

  // A month under an axis: the year stands only under the first and under each January.
  function monthTick(value, index) {
    const at = new Date(`${value.slice(0, 7)}-01T00:00Z`);
    const name = intl(Intl.DateTimeFormat, { month: 'short', timeZone: 'UTC' }).format(at);
    return index === 0 || at.getUTCMonth() === 0 ? `${name}\n${intl(Intl.DateTimeFormat, { year: 'numeric', timeZone: 'UTC' }).format(at)}` : name;
  }

  // A category: translated where the report has a translation, a month or a date where it is one.
  function label(value) {
    if (missing(value)) return DASH;
    if (Object.hasOwn(labels, value)) return pick(labels[value]);
    const [kind, ...of] = String(value).split(':');  // "region:Seoul"
    if (of.length && Object.hasOwn(labels, kind)) return `${pick(labels[kind])} ${of.join(':')}`;
    if (typeof value === 'number') return plain(value, { maximumFractionDigits: 6, useGrouping: false });
    return isDate(value) ? date(value) : String(value);
  }

  const name = column => Object.hasOwn(labels, column) ? pick(labels[column]) : column.replaceAll('_', ' ');

  function interval(low, high, unit = '') {
    return missing(low) || missing(high) ? '' : `${number(low, unit)}\u00a0–\u00a0${number(high, unit)}`;
  }

  // One cell of a table; digits keeps a column of reals aligned.
  function cell(value, { type, unit }, digits) {
    if (missing(value)) return DASH;
    if (type === 'date') return date(value);
    if (typeof value !== 'number') return label(value);
    if (type === 'share') return share(value);
    if (type === 'integer') return plain(value, { maximumFractionDigits: 0 });
    if (type === 'money') return plain(Math.abs(value) < (digits ? 0.005 : 0.5) ? 0 : value, { minimumFractionDigits: digits && 2, maximumFractionDigits: digits && 2 });
    if (type === 'real') return unit === 'share' ? share(value) : real(value, digits);
    return label(value);
  }

  // The unit as a column's heading shows it, or ''.
  function unitName({ type, unit }) {
    const code = type === 'money' ? currencyOf(unit || 'money') : currencyOf(unit ?? '');
    if (words.after[code]) return words.after[code];
    if (code) return plain(0, { style: 'currency', currency: code, currencyDisplay: 'narrowSymbol', maximumFractionDigits: 0 }).replace(/[\d\s]/g, '');
    if (!unit || ['share', 'money', 'count'].includes(unit)) return '';
    return words.units[unit] ?? label(unit);
  }

  // The page's own words, with their places filled.
  const say = (key, values) => filled(words[key], values);
  const intervalName = level => level ? say('interval_at', { level: short(level, 'share') }) : words.interval;

  return { lang, words, say, intervalName, text: pick, label, name, month, monthTick, date, number, short, interval, cell, digitsFor, unitName };
}
