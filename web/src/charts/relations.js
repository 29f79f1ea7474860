// Charts of pairs: heat_map, sankey, graph.
import { base, categoryAxis, cartesian, longestLabel, readableOn, tip, tooltipBox } from './parts.js';
import { distinct, extent, known } from './read.js';

export function heatMap(page) {
  const { chart, points, format, theme } = page;
  const { unit } = chart;
  const columns = distinct(points.map(point => point.x), chart.order).map(String);
  const rows = distinct(points.map(point => point.y), chart.order).map(String);
  const filled = points.filter(point => known(point.value));
  const [low, high] = extent(filled.map(point => point.value));
  const signed = low < 0;
  const reach = Math.max(Math.abs(low), Math.abs(high)) || 1;
  const [from, to] = signed ? [-reach, reach] : [Math.min(0, low), high || 1];
  const ramp = signed ? theme.diverging : theme.sequential;
  const beside = longestLabel(page, rows) + 30;
  const cell = Math.max(40, (page.width - beside) / columns.length);
  const option = cartesian({
    page,
    xAxis: { ...categoryAxis(page, columns, { name: format.text(chart.x_label), room: cell * columns.length }), axisLine: { show: false } },
    yAxis: { ...categoryAxis(page, rows, { vertical: true, name: format.text(chart.y_label) }), axisLine: { show: false } },
    tooltip: {
      trigger: 'item', formatter: ({ data: { point } }) => tip('', [
        { name: format.text(chart.y_label) || format.name(chart.y), value: format.label(point.y) },
        { name: format.text(chart.x_label) || format.name(chart.x), value: format.label(point.x) },
        { name: format.name(chart.value), value: format.number(point.value, unit) }]),
    },
    series: [{
      type: 'heatmap', itemStyle: { borderColor: theme.paper, borderWidth: 2 }, emphasis: { itemStyle: { borderColor: theme.ink, borderWidth: 1.5 } },
      data: filled.map(point => ({ value: [String(point.x), String(point.y), point.value], point, label: { color: readableOn(theme, ramp, (point.value - from) / (to - from)) } })),
      label: { show: true, fontSize: cell < 48 ? 11 : 13, formatter: ({ data }) => format.short(data.point.value, unit, cell < 48 ? 1 : 3) },
    }],
  });
  option.visualMap = { show: false, type: 'continuous', min: from, max: to, dimension: 2, inRange: { color: ramp } };
  const below = option.xAxis.axisLabel.rotate ? longestLabel(page, columns) * 0.62 + 10 : 22;
  return {
    option, height: option.grid.top + rows.length * Math.min(44, Math.max(32, cell)) + below + option.grid.bottom,
    minWidth: beside + cell * columns.length,
  };
}

// Two sides: what was, what came of it. A name may stand on both, so a node's key says its side.
export function sankey(page) {
  const { chart, format, theme, narrow } = page;
  const points = page.points.filter(point => known(point.source) && known(point.target) && point.value > 0);
  const sides = { source: distinct(points.map(p => p.source), chart.order), target: distinct(points.map(p => p.target), chart.order) };
  const all = [...new Set([...sides.source, ...sides.target])].map(String);
  const colours = page.coloursOf(all);
  const total = side => name => points.reduce((sum, p) => p[side] === name ? sum + p.value : sum, 0);
  const node = side => name => ({
    name: `${side}:${name}`, title: String(name), depth: side === 'source' ? 0 : 1, itemStyle: { color: colours[all.indexOf(String(name))] },
    label: { position: side === 'source' ? 'right' : 'left' }, total: total(side)(name),
  });
  const nodes = [...sides.source.map(node('source')), ...sides.target.map(node('target'))];
  const of = key => nodes.find(entry => entry.name === key);
  const outcome = point => format.number(point.value, chart.unit);
  return {
    height: Math.max(sides.source.length, sides.target.length) * 70 + 60,
    option: {
      ...base(page),
      title: [[chart.x_label, { left: 0 }], [chart.y_label, { right: 0 }]].filter(([name]) => name)
        .map(([name, at]) => ({ text: format.text(name), top: 2, padding: 0, textStyle: { fontSize: 13, fontWeight: 600, color: theme.muted }, ...at })),
      tooltip: {
        ...tooltipBox(page), trigger: 'item',
        formatter: ({ dataType, data }) => {
          if (dataType === 'node') return tip('', [{ name: format.label(data.title), value: outcome({ value: data.total }) }]);
          const source = of(data.source);
          const share = format.number(data.value / source.total, 'share');
          return tip(`${format.label(source.title)} → ${format.label(of(data.target).title)}`,
            [{ name: format.name(chart.value), value: outcome(data) }, { name: format.say('of', { name: format.label(source.title) }), value: share }]);
        },
      },
      series: [{
        type: 'sankey', left: 0, right: 0, top: 28, bottom: 4, nodeWidth: 12, nodeGap: 20, layoutIterations: 0, draggable: false,
        data: nodes, links: points.map(p => ({ source: `source:${p.source}`, target: `target:${p.target}`, value: p.value })),
        lineStyle: { color: 'source', opacity: 0.32, curveness: 0.5 }, itemStyle: { borderWidth: 0 },
        emphasis: { focus: 'adjacency', lineStyle: { opacity: 0.6 } },
        label: {
          color: theme.ink, fontSize: narrow ? 12 : 13, textBorderColor: theme.paper, textBorderWidth: 2,
          formatter: ({ data }) => narrow ? format.label(data.title) : `${format.label(data.title)}  ${format.short(data.total, chart.unit, 4)}`,
        },
      }],
    },
  };
}

// Things and what leads from one to another, on an ellipse, clockwise from the top left: the same data always make
// the same picture.
export function graph(page) {
  const { chart, format, theme, width, narrow, measure } = page;
  const links = page.points.filter(point => known(point.source) && known(point.target) && known(point.value));
  const names = distinct(links.flatMap(link => [link.source, link.target]), chart.order).map(String);
  const colours = page.coloursOf(names);
  const weights = names.map(name => links.reduce((sum, link) =>
    sum + (String(link.source) === name || String(link.target) === name ? Math.abs(link.value) : 0), 0));
  const most = Math.max(...weights) || 1;
  const [, widest] = extent(links.map(link => Math.abs(link.value)));
  const size = Math.min(1, 16 / names.length);
  const height = narrow ? 380 : 430;
  const longest = Math.max(...names.map(name => measure(format.label(name))));
  const beside = 34 + (narrow ? longest / 2 : Math.min(width * 0.24, longest));
  const [wide, tall] = [Math.min(width - 2 * beside, 620), height - 110];
  const left = (width - wide) / 2;
  const around = names.map((name, i) => 2 * Math.PI * (i - 0.5) / names.length - Math.PI / 2);
  const reach = side => Math.max(0.1, ...around.map(angle => Math.abs(side(angle))));
  const nodes = names.map((name, i) => {
    const [x, y] = [Math.cos, Math.sin].map(side => side(around[i]) / reach(side));
    return {
      name, x: wide * (1 + x) / 2, y: tall * (1 + y) / 2, symbolSize: size * (14 + 26 * Math.sqrt(weights[i] / most)), itemStyle: { color: colours[i] },
      label: { position: narrow || Math.abs(y) > 0.75 ? y < 0 ? 'top' : 'bottom' : x < 0 ? 'left' : 'right' },
    };
  });
  // Two corners without a mark keep the scale at one to one, however the others lie.
  const corners = [[0, 0], [wide, tall]].map(([x, y], i) => ({ name: `\u0000${i}`, x, y, symbol: 'none', label: { show: false } }));
  return {
    height,
    option: {
      ...base(page),
      tooltip: {
        ...tooltipBox(page), trigger: 'item',
        formatter: ({ dataType, data }) => dataType === 'node' ? tip(format.label(data.name), [])
          : tip(`${format.label(data.source)} → ${format.label(data.target)}`, [{ name: format.name(chart.value), value: format.number(data.value, chart.unit) }]),
      },
      series: [{
        type: 'graph', layout: 'none', top: 55, left, width: wide, height: tall, draggable: false, roam: false,
        edgeSymbol: ['none', 'arrow'], edgeSymbolSize: 9, data: [...nodes, ...corners],
        links: links.map(link => ({
          source: String(link.source), target: String(link.target), value: link.value,
          lineStyle: { width: 1 + 6 * Math.abs(link.value) / (widest || 1), curveness: 0.16, color: `${colours[names.indexOf(String(link.source))]}99`, opacity: 1 },
        })),
        label: { show: true, color: theme.ink, fontSize: 13, formatter: ({ data }) => format.label(data.name) },
        edgeLabel: {
          show: links.length <= 16, rotate: 0, align: 'center', verticalAlign: 'middle', color: theme.ink, fontSize: 12,
          backgroundColor: theme.paper, padding: [1, 4], borderRadius: 3, formatter: ({ data }) => format.short(data.value, chart.unit),
        },
        emphasis: { focus: 'adjacency' },
      }],
    },
  };
}
