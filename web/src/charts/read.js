// From a declared chart to what a builder draws: points whose fields are the roles of the encoding.
import { DASH } from '../format.js';

const ROLES = ['x', 'y', 'series', 'lo', 'hi', 'x_hi', 'value', 'source', 'target', 'size', 'label'];

export const known = value => value !== null && value !== undefined && value !== '' && !Number.isNaN(value);

export function readPoints(chart) {
  const index = {};
  for (const role of ROLES) {
    if (!chart[role]) continue;
    index[role] = chart.columns.indexOf(chart[role]);
    if (index[role] < 0) throw new Error(`${role}: "${chart[role]}" is not one of ${chart.columns.join(', ')}`);
  }
  return (chart.rows ?? []).map(row => Object.fromEntries(Object.entries(index).map(([role, at]) => [role, row[at]])));
}

// Distinct values in the order the chart asks for, else as they come.
export function distinct(values, order = []) {
  const seen = [...new Set(values.filter(known))];
  const rank = value => order.includes(value) ? order.indexOf(value) : order.length + seen.indexOf(value);
  return seen.sort((a, b) => rank(a) - rank(b));
}

export function bySeries(points, order) {
  if (!points.some(point => known(point.series))) return [{ name: '', points }];
  const seriesOf = point => known(point.series) ? point.series : DASH;
  return distinct(points.map(seriesOf), order)
    .map(name => ({ name: String(name), points: points.filter(point => seriesOf(point) === name) }));
}

export const extent = values => values.filter(Number.isFinite)
  .reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);

// The noted days that lie under the points, numbered: of months the month they are in.
export function marksOf(chart, points) {
  const xs = new Set(points.map(point => point.x));
  const at = day => [day, `${day.slice(0, 8)}01`, day.slice(0, 7)].find(x => xs.has(x));
  return (chart.marks ?? []).map(mark => ({ ...mark, x: at(mark.day) })).filter(mark => mark.x !== undefined)
    .map((mark, i) => ({ ...mark, number: i + 1 }));
}
