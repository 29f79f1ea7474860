// Builds dist/report.html: the whole report page in one file, with one slot for the data.
//   node build.mjs            dist/report.html, as the program embeds it
//   node build.mjs --sample   also dist/sample.html, filled with sample/report.json
import { build } from 'esbuild';
import { readFileSync, readdirSync, mkdirSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { fileURLToPath } from 'node:url';

const SLOT = '__DANGGOL_REPORT_JSON__';
const here = name => fileURLToPath(new URL(name, import.meta.url));
const read = name => readFileSync(here(name), 'utf8');

// The page's words by language: words/CODE.json, each with all that the first has.
function words() {
  const files = readdirSync(here('src/words')).sort();
  const all = Object.fromEntries(files.map(file => [file.replace('.json', ''), JSON.parse(read(`src/words/${file}`))]));
  for (const [code, each] of Object.entries(all)) {
    if (Object.keys(each).join() !== Object.keys(all.en).join()) fail(`src/words/${code}.json has not the same words as en.json`);
  }
  return all;
}

async function bundle(entry) {
  const result = await build({
    entryPoints: [here(entry)], bundle: true, minify: true, write: false, format: 'iife',
    define: { WORDS: JSON.stringify(words()) }, target: ['es2020', 'chrome100', 'firefox100', 'safari15'], charset: 'utf8', legalComments: 'none',
  });
  return result.outputFiles[0].text.trim();
}

// What is bundled is redistributed, so its licences travel with it.
function licences() {
  const files = ['echarts/NOTICE', 'echarts/LICENSE', 'echarts/licenses/LICENSE-d3', 'zrender/LICENSE', 'tslib/LICENSE.txt'];
  const text = files.map(file => `---- ${file} ----\n${read(`node_modules/${file}`).trim()}`).join('\n\n');
  return `/* This page contains Apache ECharts, zrender and tslib.\n\n${text.replaceAll('*/', '* /')}\n*/\n`;
}

function fail(message) {
  console.error(`build.mjs: ${message}`);
  process.exit(1);
}

const script = licences() + await bundle('src/main.js');
const style = await bundle('src/style.css');
if (/<\/script|<!--/i.test(script)) fail('the script would end its own element');
if (/<\/style/i.test(style) || /url\(/i.test(style)) fail('the style sheet would end its own element, or load a file');

const parts = { '/*style*/': style, '/*script*/': script };
const page = read('src/report.html').replace(/\/\*(style|script)\*\//g, name => parts[name]);
if (page.split(SLOT).length !== 2) fail(`${SLOT} must occur exactly once`);

mkdirSync(here('dist'), { recursive: true });
writeFileSync(here('dist/report.html'), page);
console.log(`dist/report.html  ${Buffer.byteLength(page)} bytes, ${gzipSync(page).length} gzipped`);

if (process.argv.includes('--sample')) {
  const data = JSON.stringify(JSON.parse(read('sample/report.json'))).replaceAll('<', '\\u003c');
  writeFileSync(here('dist/sample.html'), page.replace(SLOT, () => data));
  console.log('dist/sample.html');
}
