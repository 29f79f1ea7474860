// What the builders share: axes, legend, tooltip, intervals, readable words on a colour.
import { h } from '../dom.js';
import { isDate } from '../format.js';
import { distinct, known } from './read.js';

const MONTH_START = /^\d{4}-\d{2}(-01)?$/;

// The whole option of a chart with two axes.
export function cartesian({ page, names = [], xAxis, yAxis, series, tooltip, grid }) {
  const legend = names.length > 1 ? legendOf(page, names) : undefined;
  const top = 10 + legendHeight(page, names) + (yAxis.name ? 24 : 0);
  return {
    ...base(page),
    legend, xAxis, yAxis, series,
    tooltip: { ...tooltipBox(page), ...tooltip },
    grid: { left: 4, right: 18, top, bottom: !xAxis.name ? 6 : xAxis.axisLabel.rotate ? 30 : 24, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel', ...grid },
  };
}

export function base({ theme }) {
  return { animation: false, color: theme.palette, textStyle: { fontFamily: theme.font, color: theme.ink } };
}

// All names of a legend are seen, in as many lines as they need.
const LEGEND = { itemGap: 16, itemWidth: 14, itemHeight: 9 };
const LEGEND_FONT = 13;

function legendOf({ theme, format, width }, names) {
  return {
    type: 'plain', left: 0, top: 0, padding: 0, width, ...LEGEND, icon: 'roundRect', data: names, formatter: name => format.label(name),
    textStyle: { color: theme.ink, fontSize: LEGEND_FONT, lineHeight: LEGEND_FONT }, inactiveColor: theme.rule,
  };
}

export function legendHeight({ format, measure, width }, names) {
  if (names.length < 2) return 0;
  let [lines, x] = [1, 0];
  for (const name of names) {
    const wide = LEGEND.itemWidth + 6 + measure(format.label(name)) * LEGEND_FONT / 12;
    if (x > 0 && x + wide > width) [lines, x] = [lines + 1, 0];
    x += wide + LEGEND.itemGap;
  }
  return lines * (LEGEND_FONT + LEGEND.itemGap) - 4;
}

const axisStyle = theme => ({
  nameTextStyle: { color: theme.muted, fontSize: 12 },
  axisLabel: { color: theme.muted, fontSize: 12, hideOverlap: true },
  axisLine: { show: true, lineStyle: { color: theme.axis } },
  axisTick: { show: false },
  splitLine: { show: false },
});

// A horizontal axis has its name below it, in the middle; a vertical one above it, from the left edge.
const nameBelow = name => ({ name, nameLocation: 'middle', nameGap: 28 });
const nameAbove = (name, top = 'end') => ({ name, nameLocation: top, nameGap: 14 });

export function valueAxis({ theme, format }, { vertical, name = '', unit = '', ...more }) {
  const style = axisStyle(theme);
  return {
    type: 'value', ...style, ...(vertical ? nameAbove(name) : nameBelow(name)),
    nameTextStyle: { ...style.nameTextStyle, align: vertical ? 'left' : 'center' },
    axisLabel: { ...style.axisLabel, formatter: value => format.short(value, unit) },
    axisLine: { show: !vertical, onZero: false, lineStyle: { color: theme.axis } },
    splitLine: { show: vertical, lineStyle: { color: theme.rule } },
    ...more,
  };
}

// room: the width that horizontal labels share. Those that do not fit are slanted; of numbers and months, which a
// reader can count on, some are left out instead.
export function categoryAxis(page, categories, { vertical, name = '', room = page.width - 60, ...more }) {
  const { theme, format } = page;
  const style = axisStyle(theme);
  const months = categories.every(value => MONTH_START.test(value));
  const show = months ? format.monthTick : format.label;
  const longest = longestLabel(page, categories, show);
  const thinned = !vertical && (months || categories.every(value => Number.isFinite(Number(value))));
  const slanted = !vertical && !thinned && (longest + 6) * categories.length > room;
  const axisLabel = vertical
    ? { ...style.axisLabel, color: theme.ink, interval: 0, hideOverlap: false, width: longest, overflow: 'break', lineHeight: 14 }
    : { ...style.axisLabel, lineHeight: 15, ...(thinned ? {} : { interval: 0, hideOverlap: false, rotate: slanted ? 38 : 0 }) };
  return {
    type: 'category', data: categories, ...style, ...(vertical ? nameAbove(name, 'start') : nameBelow(name)),
    ...(slanted && name ? { nameGap: 20 + longest * 0.62 } : months && !vertical ? { nameGap: 42 } : {}),
    nameTextStyle: { ...style.nameTextStyle, align: vertical ? 'left' : 'center' },
    axisLabel: { ...axisLabel, formatter: (value, index) => show(value, index) },
    inverse: Boolean(vertical), ...more,
  };
}

// The width labels are given: that of the longest, within what the chart can spare.
export function longestLabel({ format, measure, width }, categories, show = format.label) {
  return Math.ceil(Math.min(Math.max(...categories.map(value => measure(show(value)))) + 6, 230, width * 0.38));
}

// The axis that x itself asks for: numbers, dates, or categories (months are categories).
export function axisForX(page, points, options) {
  const values = points.map(point => point.x).filter(known);
  if (values.every(value => typeof value === 'number')) {
    return valueAxis(page, { scale: true, min: 'dataMin', max: 'dataMax', minInterval: values.every(Number.isInteger) ? 1 : 0, ...options });
  }
  if (values.every(isDate) && !values.every(value => MONTH_START.test(value))) {
    const axis = valueAxis(page, options);
    const show = time => page.format.date(new Date(time).toISOString().slice(0, 10));
    return { ...axis, type: 'time', minInterval: 86400000, axisLabel: { ...axis.axisLabel, formatter: show } };
  }
  return categoryAxis(page, distinct(values, page.chart.order), { boundaryGap: false, ...options });
}

// The days that a chart notes, by their numbers in the list below it: marksOf in read.js.
export function markLine({ theme, marks }) {
  if (!marks.length) return undefined;
  return {
    silent: true, symbol: 'none', lineStyle: { color: theme.muted, width: 1, type: [2, 3] },
    label: { position: 'end', distance: 2, color: theme.muted, fontSize: 11, formatter: ({ data }) => data.name },
    data: [...new Set(marks.map(mark => mark.x))].map(x => ({ xAxis: x, name: marks.filter(mark => mark.x === x).map(mark => mark.number).join(' ') })),
  };
}

export function tooltipBox({ theme }) {
  return {
    confine: true, transitionDuration: 0, backgroundColor: theme.paper, borderColor: theme.axis, borderWidth: 1, padding: [8, 11],
    textStyle: { color: theme.ink, fontSize: 13 }, extraCssText: 'box-shadow:0 2px 10px rgb(0 0 0/.12);border-radius:6px;',
  };
}

const rgb = hex => [1, 3, 5].map(at => parseInt(hex.slice(at, at + 2), 16));
const luminance = channels => channels.map(c => (c / 255) ** 2.2).reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
const contrast = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);

// Ink or paper, whichever reads better on the colour at a fraction of a ramp.
export function readableOn({ ink, paper }, ramp, fraction) {
  const at = Math.min(ramp.length - 1.001, Math.max(0, fraction) * (ramp.length - 1));
  const [from, to] = [rgb(ramp[Math.floor(at)]), rgb(ramp[Math.floor(at) + 1])];
  const ground = luminance(from.map((c, i) => c + (to[i] - c) * (at % 1)));
  return contrast(luminance(rgb(ink)), ground) >= contrast(luminance(rgb(paper)), ground) ? ink : paper;
}

// The inside of a tooltip: a heading and rows of { colour, name, value, interval }.
export function tip(heading, rows) {
  return h('div.tip', heading && h('strong', heading), rows.map(row => h('div.tip-row',
    row.colour && h('span.swatch', { style: `background:${row.colour}` }),
    h('span', row.name), h('b', row.value), row.interval && h('span.interval', row.interval))));
}

// A tooltip for all series at one x; each item of data carries its point.
export function tipAtX(page, { heading, unit }) {
  const { chart, format } = page;
  const yName = format.text(chart.y_label) || format.name(chart.y);
  return {
    trigger: 'axis', axisPointer: { type: 'line', lineStyle: { color: page.theme.axis, type: 'solid' } },
    formatter: items => {
      const seen = items.filter(item => item.data?.point && known(item.data.point.y));
      if (!seen.length) return '';
      return tip(heading(seen[0].data.point.x), seen.map(item => ({
        colour: item.borderColor ?? item.color, name: item.seriesName ? format.label(item.seriesName) : yName,
        value: format.number(item.data.point.y, unit), interval: format.interval(item.data.point.lo, item.data.point.hi, unit),
      })));
    },
  };
}

// The shaded band between lo and hi; a gap in either ends one stretch and starts another.
export function band(name, points, colour) {
  const runs = [[]];
  for (const point of points) {
    if (known(point.lo) && known(point.hi)) runs.at(-1).push(point);
    else if (runs.at(-1).length) runs.push([]);
  }
  return {
    type: 'custom', name, silent: true, clip: true, z: 1, color: colour, itemStyle: { color: colour },
    tooltip: { show: false }, dimensions: ['x', 'lo', 'hi'], encode: { x: 0, y: [1, 2] },
    data: runs.flat().map(point => [point.x, point.lo, point.hi]),
    renderItem: (params, api) => params.dataIndexInside > 0 ? undefined : {
      type: 'group',
      children: runs.filter(run => run.length > 1).map(run => ({
        type: 'polygon', silent: true, style: { fill: colour, opacity: 0.17 },
        shape: { points: [...run.map(p => api.coord([p.x, p.hi])), ...run.map(p => api.coord([p.x, p.lo])).reverse()] },
      })),
    },
  };
}

// A whisker from lo to hi with caps. layout: how many bars stand side by side, and which one this is.
// caption(point): words at the far end of a horizontal one.
export function whiskers(name, points, { colour, horizontal = false, layout, caption }) {
  const drawn = points.filter(point => known(point.x) && known(point.lo) && known(point.hi));
  return {
    type: 'custom', name, silent: true, clip: !caption, z: 4, itemStyle: { color: colour }, tooltip: { show: false },
    dimensions: ['x', 'lo', 'hi'], encode: horizontal ? { y: 0, x: [1, 2] } : { x: 0, y: [1, 2] },
    data: drawn.map(point => [horizontal || layout ? String(point.x) : point.x, point.lo, point.hi]),
    renderItem: (params, api) => {
      const point = drawn[params.dataIndex];
      const { lo, hi, x } = point;
      const key = layout ? String(x) : x;
      const shift = layout ? api.barLayout({ ...layout.bars, count: layout.count })[layout.place].offsetCenter : 0;
      const cap = 4;
      const at = value => {
        const [left, top] = api.coord(horizontal ? [value, key] : [key, value]);
        return horizontal ? [left, top + shift] : [left + shift, top];
      };
      const stroke = (a, b) => ({ type: 'line', shape: { x1: a[0], y1: a[1], x2: b[0], y2: b[1] }, style: { stroke: colour, lineWidth: 1.4 } });
      const across = ([left, top]) => horizontal ? stroke([left, top - cap], [left, top + cap]) : stroke([left - cap, top], [left + cap, top]);
      const ends = [at(lo), at(hi)];
      const [left, top] = ends[point.y < 0 ? 0 : 1];
      const words = caption && {
        type: 'text', x: left + (point.y < 0 ? -8 : 8), y: top,
        style: { text: caption(point), fill: colour, font: api.font({ fontSize: 12 }), align: point.y < 0 ? 'right' : 'left', verticalAlign: 'middle' },
      };
      return { type: 'group', children: [stroke(...ends), ...ends.map(across), ...(words ? [words] : [])] };
    },
  };
}
