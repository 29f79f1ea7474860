// Shows that report_test.mjs can fail: breaks a good report in one way at a time and expects it to notice,
// and expects it to accept what is merely hostile.
//   node broken_test.mjs GOOD_REPORT.html
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const [good] = process.argv.slice(2);
if (!good) {
  console.error('usage: node broken_test.mjs GOOD_REPORT.html');
  process.exit(2);
}
const html = readFileSync(good, 'utf8');
const [whole, open, json, close] = html.match(/(<script id="report-data"[^>]*>)([\s\S]*?)(<\/script>)/);

// One section is enough, and quick.
const withData = (change = () => {}) => {
  const data = JSON.parse(json);
  data.sections = data.sections.filter(section => section.charts.length && section.tables.length).slice(0, 1);
  change(data, data.sections[0].charts[0]);
  return html.replace(whole, () => open + JSON.stringify(data).replaceAll('<', '\\u003c') + close);
};
const withHead = extra => withData().replace('</head>', () => `${extra}</head>`);
const english = value => {
  if (value?.en && value.ko) value.ko = value.en;
  else if (typeof value === 'object' && value) Object.values(value).forEach(english);
};
const NASTY = '<img src=x onerror="throw Error(1)"><script>throw Error(2)</script>{a|b} __proto__ ' + 'Donaudampfschiff'.repeat(20);

// name: the page, what report_test must answer, what it must say.
const cases = {
  'a chart without rows': [withData((data, chart) => { chart.rows = []; }), 1, 'no chart is missing'],
  'a chart of an unknown kind': [withData((data, chart) => { chart.kind = 'pie'; }), 1, 'no chart is missing'],
  'a chart that names a column it lacks': [withData((data, chart) => { chart.columns = ['x']; }), 1, 'no chart is missing'],
  'charts whose marks are not drawn': [withHead('<style>[data-chart] svg path { display: none }</style>'), 1, 'is drawn'],
  'something fetched': [withHead('<img src="http://127.0.0.1:9/x.png">'), 1, 'no error in the console'],
  'an exception': [withHead('<script>setTimeout(() => { throw Error("broken") })</script>'), 1, 'no error in the console'],
  'words that are cut off': [withHead('<style>.question { overflow: hidden; height: 1rem }</style>'), 1, 'nothing is cut off'],
  'a table in a box that scrolls': [withHead('<style>.rows { overflow: auto; max-height: 4rem }</style>'), 1, 'nothing is cut off'],
  'proofs on page one': [withHead('<script>addEventListener("load", () => document.querySelectorAll("details").forEach(each => { each.open = true; }))</script>'), 1, 'the proofs are folded'],
  'a page too wide for a phone': [withHead('<style>h1 { min-width: 60rem }</style>'), 1, 'phone: no sideways scrolling'],
  'one language only': [withData(english), 1, 'Korean is Korean'],
  'hostile text': [withData((data, chart) => {
    data.sections[0].lead.sentences[0].en = data.labels.top.en = chart.title.en = NASTY;
    chart.note = { en: NASTY, ko: NASTY };
    for (const table of data.sections.flatMap(section => section.tables)) table.rows[0][0] = NASTY;
  }), 0, ' 0 failed'],
};

let failed = 0;
const folder = mkdtempSync(join(tmpdir(), 'danggol-report-'));
for (const [name, [page, status, words]] of Object.entries(cases)) {
  const file = join(folder, 'report.html');
  writeFileSync(file, page);
  const run = spawnSync(process.execPath, [fileURLToPath(new URL('report_test.mjs', import.meta.url)), file], { encoding: 'utf8' });
  if (run.status === 77) {
    console.log(run.stdout.trim());
    process.exit(77);
  }
  const complaints = run.stdout.split('\n').filter(line => status ? line.startsWith('FAIL') : true).join('\n');
  const right = run.status === status && complaints.includes(words);
  if (!right) failed++;
  console.log(right ? `ok   ${name}` : `FAIL ${name}: exit status ${run.status}, expected ${status} and "${words}"\n${complaints}${run.stderr}`);
}
rmSync(folder, { recursive: true });
console.log(`${Object.keys(cases).length - failed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
