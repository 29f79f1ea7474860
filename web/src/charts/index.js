// Draws a declared chart into an element, and keeps it drawn: at another width, in another theme, on paper.
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { BarChart, CustomChart, GraphChart, HeatmapChart, LineChart, SankeyChart, ScatterChart } from 'echarts/charts';
import { GridComponent, LegendPlainComponent, MarkLineComponent, TitleComponent, TooltipComponent, VisualMapContinuousComponent } from 'echarts/components';
import { LabelLayout } from 'echarts/features';
import { h } from '../dom.js';
import { known, marksOf, readPoints } from './read.js';
import { bar, calibration, ecdf, fan, histogram, line, scatter } from './axes.js';
import { graph, heatMap, sankey } from './relations.js';

use([SVGRenderer, BarChart, CustomChart, GraphChart, HeatmapChart, LineChart, SankeyChart, ScatterChart,
  GridComponent, LegendPlainComponent, MarkLineComponent, TitleComponent, TooltipComponent, VisualMapContinuousComponent, LabelLayout]);

// kind: what draws it, the roles without which a point is nothing, a further condition on points, whether two fit side
// by side.
const KINDS = {
  line: { build: line, needs: ['x', 'y'] },
  bar: { build: bar, needs: ['x', 'y'] },
  histogram: { build: histogram, needs: ['x', 'x_hi', 'y'], half: true },
  heat_map: { build: heatMap, needs: ['x', 'y', 'value'] },
  sankey: { build: sankey, needs: ['source', 'target', 'value'], counts: point => point.value > 0 },
  scatter: { build: scatter, needs: ['x', 'y'] },
  ecdf: { build: ecdf, needs: ['x', 'y'], half: true },
  calibration: { build: calibration, needs: ['x', 'y'], half: true },
  fan: { build: fan, needs: ['x', 'y'] },
  graph: { build: graph, needs: ['source', 'target', 'value'] },
};

export const isHalf = chart => chart.width ? chart.width === 'half' : Boolean(KINDS[chart.kind]?.half);

// The palette is in the style sheet; a chart reads it there.
function readTheme() {
  const style = getComputedStyle(document.documentElement);
  const get = name => style.getPropertyValue(`--${name}`).trim();
  const list = name => get(name).split(/\s+/);
  return {
    ink: get('ink'), muted: get('muted'), rule: get('rule'), axis: get('axis'), paper: get('paper'), shade: get('shade'),
    palette: list('palette'), sequential: list('sequential'), diverging: list('diverging'), font: getComputedStyle(document.body).fontFamily,
  };
}

// A category keeps the colour of its first chart throughout the report, unless this chart has given it away.
const places = new Map();
function coloursOf(names, palette) {
  const used = new Set(names.map(name => places.get(name)));
  const taken = new Set();
  return names.map((name, i) => {
    let place = places.get(name);
    if (place === undefined || taken.has(place)) {
      const free = palette.findIndex((colour, at) => !used.has(at) && !taken.has(at));
      place = free < 0 ? i % palette.length : free;
    }
    if (name !== '' && !places.has(name)) places.set(name, place);
    taken.add(place);
    return palette[place];
  });
}

const context = document.createElement('canvas').getContext('2d');
function measure(text, font) {
  context.font = `12px ${font}`;
  return context.measureText(text).width;
}

let mounted = [];

export function unmountCharts() {
  for (const { instance, observer } of mounted) {
    observer.disconnect();
    instance?.dispose();
  }
  mounted = [];
}

// On paper a chart is drawn as wide as a page of A4 is between its margins, so that its words keep their size.
const PAPER = { wide: 680, half: 320 };

export function redrawCharts({ printing = false } = {}) {
  for (const entry of mounted) draw(entry, printing && PAPER[entry.element.closest('.wide') ? 'wide' : 'half']);
}

// The element of one chart. It draws itself as soon as it stands in the page and has a width.
export function chartElement(chart, format) {
  const kind = Object.hasOwn(KINDS, chart.kind) ? KINDS[chart.kind] : null;
  if (!kind) return h('p.empty', { 'data-empty': chart.id }, `${format.words.unknown_kind} “${chart.kind}”.`);
  let points;
  try {
    points = readPoints(chart);
  } catch (error) {
    return cannotDraw(chart, format, error);
  }
  const { needs, counts = () => true } = kind;
  if (!points.some(point => needs.every(role => known(point[role])) && counts(point))) {
    return h('p.empty', { 'data-empty': chart.id }, format.words.no_data);
  }
  const label = [chart.title, chart.note].map(format.text).filter(Boolean).join('. ');
  const canvas = h('div.canvas', { role: 'img', 'aria-label': label });
  const element = h('div.chart', { 'data-chart': chart.id }, canvas, marksBelow(marksOf(chart, points), format));
  const entry = { chart, kind, points, format, element, canvas, instance: null };
  entry.observer = new ResizeObserver(() => {
    if (element.clientWidth && element.clientWidth !== entry.width) draw(entry);
  });
  entry.observer.observe(element);
  mounted.push(entry);
  return element;
}

const marksBelow = (marks, format) => marks.length > 0
  && h('ul.marks', marks.map(mark => h('li', h('b', String(mark.number)), ` ${format.date(mark.day)} ${format.text(mark.text)}`)));

function cannotDraw(chart, format, error) {
  return h('p.empty', { 'data-empty': chart.id }, `${format.words.cannot_draw} (${chart.id}): ${error.message}`);
}

function draw(entry, paperWidth) {
  const { chart, kind, points, format, element, canvas } = entry;
  entry.width = element.clientWidth;
  const width = paperWidth || entry.width;
  try {
    const theme = readTheme();
    const page = {
      chart, points, format, theme, width, narrow: width < 520, marks: marksOf(chart, points),
      coloursOf: names => coloursOf(names, theme.palette), measure: text => measure(text, theme.font),
    };
    const { option, height = 320, minWidth = 0 } = kind.build(page);
    const size = { width: Math.max(width, minWidth), height: Math.round(height) };
    canvas.style.height = `${size.height}px`;
    entry.instance ??= init(canvas, null, { renderer: 'svg', ...size });
    entry.instance.resize(size);
    entry.instance.setOption(option, { notMerge: true });
    // With a view box, paper of any width can scale the picture by style alone.
    canvas.querySelector('svg')?.setAttribute('viewBox', `0 0 ${size.width} ${size.height}`);
  } catch (error) {
    entry.observer.disconnect();
    element.replaceWith(cannotDraw(chart, format, error));
  }
}
