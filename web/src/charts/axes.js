// Charts on two axes: line, fan, bar, histogram, scatter, ecdf, calibration.
import { axisForX, band, cartesian, categoryAxis, legendHeight, longestLabel, markLine, tip, tipAtX, valueAxis, whiskers } from './parts.js';
import { bySeries, distinct, extent, known } from './read.js';

const SYMBOLS = ['circle', 'rect', 'triangle', 'diamond', 'roundRect', 'pin', 'arrow'];

const items = points => points.map(point => ({ value: [point.x, known(point.y) ? point.y : null], point }));
const namesOf = groups => groups.map(group => group.name);

// What is not as firm as the rest of a line: hollow, and dashed where it joins.
function soften(series, { theme }, isSoft) {
  return series.flatMap(entry => {
    const { data, color, lineStyle } = entry;
    const soft = at => Boolean(data[at]?.point) && isSoft(data[at].point);
    if (entry.type !== 'line' || !data.some((item, at) => soft(at))) return [entry];
    const gap = item => ({ value: [item.value[0], null] });
    return [
      { ...entry, data: data.map((item, at) => soft(at) ? gap(item) : item) },
      {
        ...entry, symbol: 'circle', itemStyle: { color: theme.paper, borderColor: color, borderWidth: 2 }, lineStyle: { ...lineStyle, color, type: [5, 4] },
        data: data.map((item, at) => soft(at) ? item : soft(at - 1) || soft(at + 1) ? { value: item.value, symbol: 'none' } : gap(item)),
      },
    ];
  });
}

// A line begins at zero: what rose by a tenth looks like a tenth.
export function line(page) {
  const { chart, points, format } = page;
  const groups = bySeries(points, chart.order);
  const colours = page.coloursOf(namesOf(groups));
  const series = groups.flatMap((group, i) => [
    ...(chart.lo && chart.hi ? [band(group.name, group.points, colours[i])] : []),
    {
      type: 'line', name: group.name, data: items(group.points), color: colours[i], lineStyle: { width: 2.25 }, z: 3,
      symbol: SYMBOLS[i % SYMBOLS.length], symbolSize: 6, showSymbol: group.points.length <= 40,
      emphasis: { focus: groups.length > 1 ? 'series' : 'none' }, markLine: i === 0 ? markLine(page) : undefined,
    },
  ]);
  return {
    height: 295 + legendHeight(page, namesOf(groups)),
    option: cartesian({
      page, names: namesOf(groups), series,
      xAxis: axisForX(page, points, { name: format.text(chart.x_label), unit: chart.x_unit }),
      yAxis: valueAxis(page, { vertical: true, name: format.text(chart.y_label), unit: chart.unit }),
      tooltip: tipAtX(page, { heading: headingOfX(page), unit: chart.unit }),
    }),
  };
}

// What happened, then what is expected: the points that have an interval are the forecast, dashed, and their band
// opens at the last point known.
export function fan(page) {
  const isForecast = point => known(point.lo) && known(point.hi);
  const lastKnown = new Map(page.points.filter(point => !isForecast(point) && known(point.y)).map(point => [point.series, point]));
  const joined = page.points.map(point => lastKnown.get(point.series) === point ? { ...point, lo: point.y, hi: point.y, joint: point } : point);
  const { option, height } = line({ ...page, points: joined });
  const unjoined = item => item.point?.joint ? { ...item, point: item.point.joint } : item;
  const series = option.series.map(entry => entry.type === 'line' ? { ...entry, data: entry.data.map(unjoined) } : entry);
  return { height, option: { ...option, series: soften(series, page, isForecast) } };
}

const headingOfX = ({ chart, format }) => x => typeof x === 'number'
  ? `${format.text(chart.x_label) || format.name(chart.x)} ${format.number(x, chart.x_unit)}` : format.month(x);

export function bar(page) {
  const { chart, points, format, theme } = page;
  const { horizontal = false, stacked = false, unit } = chart;
  const groups = bySeries(points, chart.order);
  const colours = page.coloursOf(namesOf(groups));
  const categories = distinct(points.map(point => point.x), chart.order).map(String);
  const bars = { barCategoryGap: horizontal ? '28%' : '34%', barGap: '12%', barMaxWidth: 46 };
  const intervals = Boolean(chart.lo && chart.hi) && !stacked;
  const showValues = horizontal && !stacked && groups.length === 1;
  const caption = point => format[unit === 'share' ? 'number' : 'short'](point.y, unit);
  const place = point => horizontal ? [point.y, String(point.x)] : [String(point.x), point.y];

  const series = groups.flatMap((group, i) => [
    {
      type: 'bar', name: group.name, color: colours[i], stack: stacked ? 'all' : undefined, ...bars,
      data: group.points.filter(point => known(point.x) && known(point.y)).map(point => ({ value: place(point), point })),
      itemStyle: { borderRadius: stacked ? 0 : horizontal ? [0, 2, 2, 0] : [2, 2, 0, 0] },
      label: { show: showValues && !intervals, position: 'outside', color: theme.ink, fontSize: 12, formatter: ({ data }) => caption(data.point) },
    },
    ...(intervals ? [whiskers(group.name, group.points, {
      colour: theme.ink, horizontal, layout: { bars, count: groups.length, place: i }, caption: showValues && caption,
    })] : []),
  ]);

  // A caption stands beyond the end of its whisker: room for it, on the left in parts of what the axis spans.
  const beside = showValues ? 14 + Math.max(...points.map(point => page.measure(caption(point)))) : 0;
  const span = page.width - longestLabel(page, categories) - 2 * beside - 24;
  const leftGap = points.some(point => point.y < 0) ? `${Math.ceil(100 * beside / Math.max(span, beside))}%` : 0;

  const value = valueAxis(page, { vertical: !horizontal, name: format.text(chart.y_label), unit, splitNumber: page.narrow && horizontal ? 3 : 5,
    boundaryGap: intervals && showValues ? [leftGap, 0] : undefined, splitLine: { show: true, lineStyle: { color: theme.rule } } });
  const category = categoryAxis(page, categories, { vertical: horizontal, name: format.text(chart.x_label) });
  const perBar = stacked ? 30 : 16 + 14 * groups.length;
  return {
    height: horizontal ? categories.length * perBar + legendHeight(page, namesOf(groups)) + 64 : undefined,
    option: cartesian({
      page, names: namesOf(groups), series, xAxis: horizontal ? value : category, yAxis: horizontal ? category : value,
      grid: showValues ? { right: beside } : {},
      tooltip: { ...tipAtX(page, { heading: format.month, unit }), axisPointer: { type: 'shadow', shadowStyle: { color: theme.shade } } },
    }),
  };
}

export function histogram(page) {
  const { chart, points, format, theme } = page;
  const unit = chart.x_unit ?? chart.unit;
  const yName = format.text(chart.y_label) || format.words.count;
  const drawn = points.filter(point => known(point.x) && known(point.x_hi) && known(point.y));
  const groups = bySeries(drawn, chart.order);
  const colours = page.coloursOf(namesOf(groups));
  const [low, high] = extent(drawn.flatMap(point => [point.x, point.x_hi]));
  const series = groups.map((group, i) => ({
    type: 'custom', name: group.name, color: colours[i], itemStyle: { color: colours[i] },
    dimensions: ['x', 'x_hi', 'y'], encode: { x: [0, 1], y: 2 },
    data: group.points.map(point => ({ value: [point.x, point.x_hi, point.y], point })),
    renderItem: ({ dataIndex: at }, api) => {
      const { x, x_hi: end, y } = group.points[at];
      const [left, top] = api.coord([x, y]);
      const [right, bottom] = api.coord([end, 0]);
      const box = { x: left, y: top, width: Math.max(1, right - left), height: bottom - top };
      if (groups.length === 1) return { type: 'rect', shape: box, style: { fill: colours[i], stroke: theme.paper, lineWidth: 1 } };
      // Several at once: pale areas, each under a clear outline.
      const before = group.points[at - 1]?.x_hi === x ? api.coord([x, group.points[at - 1].y])[1] : bottom;
      const closes = group.points[at + 1]?.x === end ? [] : [[right, bottom]];
      return {
        type: 'group', children: [
          { type: 'rect', shape: box, style: { fill: colours[i], opacity: 0.2 } },
          { type: 'polyline', shape: { points: [[left, before], [left, top], [right, top], ...closes] }, style: { stroke: colours[i], fill: 'none', lineWidth: 2, lineDash: i % 2 ? [5, 3] : null } },
        ],
      };
    },
  }));
  return {
    option: cartesian({
      page, names: namesOf(groups), series,
      xAxis: valueAxis(page, { name: format.text(chart.x_label), unit, min: low, max: high }),
      yAxis: valueAxis(page, { vertical: true, name: yName, min: 0, unit: 'count' }),
      tooltip: {
        trigger: 'item', formatter: ({ data: { point } }) => tip(
          format.interval(point.x, point.x_hi, unit),
          groups.flatMap((group, i) => group.points.filter(other => other.x === point.x).map(other => ({
            colour: colours[i], name: group.name ? format.label(group.name) : yName, value: format.number(other.y, 'count'),
          })))),
      },
    }),
  };
}

// Sizes are areas: the radius grows with the square root.
function sizer(points, smallest, largest) {
  const [, most] = extent(points.map(point => point.size));
  return point => known(point.size) && most > 0 ? smallest + (largest - smallest) * Math.sqrt(Math.max(0, point.size) / most) : smallest + 2;
}

// An axis over all of the values, with some room at the ends, but not below zero for values that are not.
function roomy(values) {
  const [low, high] = extent(values);
  return { scale: true, max: undefined, min: low >= 0 && low < (high - low) * 0.3 ? 0 : undefined, boundaryGap: ['4%', '4%'] };
}

export function scatter(page) {
  const { chart, format, theme } = page;
  const points = page.points.filter(point => known(point.x) && known(point.y));
  const groups = bySeries(points, chart.order);
  const colours = page.coloursOf(namesOf(groups));
  const size = sizer(points, 5, points.length > 80 ? 18 : 34);
  const xName = format.text(chart.x_label) || format.name(chart.x);
  const yName = format.text(chart.y_label) || format.name(chart.y);
  const series = groups.map((group, i) => ({
    type: 'scatter', name: group.name, color: colours[i], data: items(group.points), symbol: chart.size ? 'circle' : SYMBOLS[i % 4],
    symbolSize: (value, { data }) => size(data.point), itemStyle: { opacity: 0.66, borderColor: theme.paper, borderWidth: 0.75 },
    label: { show: Boolean(chart.label) && points.length <= 24, position: 'top', distance: 3, color: theme.ink, fontSize: 12, formatter: ({ data }) => format.label(data.point.label) },
    labelLayout: { hideOverlap: true },
  }));
  return {
    option: cartesian({
      page, names: namesOf(groups), series,
      xAxis: axisForX(page, points, { name: xName, unit: chart.x_unit, ...(typeof points[0].x === 'number' ? roomy(points.map(point => point.x)) : { boundaryGap: true }) }),
      yAxis: valueAxis(page, { vertical: true, name: yName, unit: chart.unit, ...roomy(points.map(point => point.y)) }),
      tooltip: {
        trigger: 'item', formatter: ({ data: { point }, color, seriesName }) => tip(
          [point.label, seriesName].filter(known).map(format.label).join(' · '), [
            { colour: color, name: xName, value: format.number(point.x, chart.x_unit) },
            { name: yName, value: format.number(point.y, chart.unit) },
            ...(known(point.size) ? [{ name: format.name(chart.size), value: format.number(point.size) }] : [])]),
      },
    }),
  };
}

export function ecdf(page) {
  const { chart, points, format } = page;
  const unit = chart.x_unit ?? chart.unit;
  const groups = bySeries(points, chart.order);
  const colours = page.coloursOf(namesOf(groups));
  const series = groups.map((group, i) => ({
    type: 'line', name: group.name, step: 'end', data: items(group.points.filter(point => known(point.x))), color: colours[i],
    symbol: 'none', lineStyle: { width: 2.25, type: ['solid', [7, 3], [2, 3]][i % 3] }, emphasis: { focus: 'series' },
  }));
  return {
    option: cartesian({
      page, names: namesOf(groups), series,
      xAxis: axisForX(page, points, { name: format.text(chart.x_label), unit }),
      yAxis: valueAxis(page, { vertical: true, name: format.text(chart.y_label) || format.words.share_of_all, unit: 'share', min: 0, max: 1 }),
      tooltip: tipAtX(page, { heading: x => `≤ ${format.number(x, unit)}`, unit: 'share' }),
    }),
  };
}

// Predicted against observed; a perfect forecast lies on the diagonal.
export function calibration(page) {
  const { chart, format, theme, width } = page;
  const points = page.points.filter(point => known(point.x) && known(point.y));
  const groups = bySeries(points, chart.order);
  const colours = page.coloursOf(namesOf(groups));
  const size = sizer(points, 7, 22);
  const unit = chart.unit || 'share';
  const [, most] = extent(points.flatMap(point => [point.x, point.y, point.hi]));
  const edge = unit === 'share' ? Math.min(1, Math.floor(most * 10 + 1) / 10) : most;
  const side = Math.min(width - 70, 300);
  const xName = format.text(chart.x_label) || format.words.predicted;
  const yName = format.text(chart.y_label) || format.words.observed;
  const series = [
    {
      type: 'line', silent: true, symbol: 'none', data: [[0, 0], [edge, edge]], lineStyle: { color: theme.muted, type: [5, 4], width: 1.2 }, z: 1,
      color: theme.muted, tooltip: { show: false },
    },
    ...groups.flatMap((group, i) => [
      ...(chart.lo && chart.hi ? [whiskers(group.name, group.points, { colour: colours[i] })] : []),
      {
        type: 'line', name: group.name, color: colours[i], data: items(group.points), lineStyle: { width: groups.length > 1 ? 1.2 : 0, opacity: 0.55 },
        symbol: 'circle', symbolSize: (value, { data }) => size(data.point), z: 5,
      },
    ]),
  ];
  const axis = { min: 0, max: edge, unit, splitNumber: 5 };
  return {
    height: side + legendHeight(page, namesOf(groups)) + 76,
    option: cartesian({
      page, names: namesOf(groups), series,
      xAxis: valueAxis(page, { ...axis, name: xName }),
      yAxis: valueAxis(page, { ...axis, vertical: true, name: yName }),
      grid: { width: side, height: side, left: 46, right: undefined, bottom: undefined, outerBoundsMode: 'none' },
      tooltip: {
        trigger: 'item', formatter: ({ data: { point }, color, seriesName }) => !point ? '' : tip(seriesName ? format.label(seriesName) : '', [
          { colour: color, name: xName, value: format.number(point.x, unit) },
          { name: yName, value: format.number(point.y, unit), interval: format.interval(point.lo, point.hi, unit) },
          ...(known(point.size) ? [{ name: format.name(chart.size), value: format.number(point.size) }] : [])]),
      },
    }),
  };
}
