// Opens a report in Chromium and looks at it as a reader would.
//   node report_test.mjs REPORT.html [OUTDIR] [--allow-empty]
// Exit status: 0 all passed, 1 something failed, 2 wrong usage, 77 no browser to test with.
// OUTDIR receives desktop-en.png, desktop-ko.png, dark.png, phone.png, print.pdf.
// --allow-empty: a chart may say that it has no data.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const files = process.argv.slice(2).filter(argument => !argument.startsWith('--'));
const allowEmpty = process.argv.includes('--allow-empty');
const [report, outdir] = files;
if (!report || !existsSync(report)) {
  console.error(`usage: node report_test.mjs REPORT.html [OUTDIR] [--allow-empty]${report ? `\n${report}: no such file` : ''}`);
  process.exit(2);
}

function skip(reason) {
  console.log(`skipped: ${reason}`);
  process.exit(77);
}

const executablePath = process.env.CHROMIUM || '/usr/bin/chromium';
if (!existsSync(executablePath)) skip(`no browser at ${executablePath}; install Debian's chromium or set CHROMIUM`);
let chromium;
try {
  ({ chromium } = createRequire(new URL('../../web/package.json', import.meta.url))('playwright-core'));
} catch {
  skip('no playwright-core; run "npm ci --ignore-scripts" in web/');
}

let passed = 0;
let failed = 0;
function check(name, problem) {
  if (problem) console.log(`FAIL ${name}: ${problem}`);
  else console.log(`ok   ${name}`);
  problem ? failed++ : passed++;
}

// What a picture shows: its distinct colours, and how many of its pixels are coloured rather than grey. Axes and
// words are grey; what stands for data is not. Decoded in a page of its own, outside the report.
const look = (page, png) => page.evaluate(async base64 => {
  const bytes = Uint8Array.from(atob(base64), character => character.charCodeAt(0));
  const image = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
  const context = new OffscreenCanvas(image.width, image.height).getContext('2d');
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, image.width, image.height);
  const colours = new Set();
  let coloured = 0;
  for (let i = 0; i < data.length; i += 4) {
    const [r, g, b] = [data[i], data[i + 1], data[i + 2]];
    colours.add(r << 16 | g << 8 | b);
    if (Math.max(r, g, b) - Math.min(r, g, b) > 40) coloured++;
  }
  return { width: image.width, height: image.height, colours: colours.size, coloured };
}, png.toString('base64'));

async function checkCharts(page, eye, when) {
  const charts = await page.locator('[data-chart]').all();
  check(`${when}: has charts`, charts.length === 0 && 'none found');
  for (const chart of charts) {
    const id = await chart.getAttribute('data-chart');
    const seen = await look(eye, await chart.screenshot());
    const blank = seen.height < 80 || seen.colours < 4 || seen.coloured < 20;
    check(`${when}: chart ${id} is drawn`, blank && JSON.stringify(seen));
  }
  const empty = await page.locator('[data-empty]').evaluateAll(all => all.map(each => `${each.dataset.empty}: ${each.textContent}`));
  if (!allowEmpty) check(`${when}: no chart is missing`, empty.join('; '));
}

// Each noted day below a chart has its number in the picture.
async function checkMarks(page, when) {
  const missing = await page.locator('[data-chart]').evaluateAll(charts => charts.flatMap(chart => {
    const numbers = [...chart.querySelectorAll('svg text')].flatMap(text => text.textContent.split(' '));
    return [...chart.querySelectorAll('.marks b')].filter(mark => !numbers.includes(mark.textContent)).map(mark => `${chart.dataset.chart} ${mark.textContent}`);
  }));
  check(`${when}: noted days are in the pictures`, missing.join('; '));
}

// Words that a reader cannot read to their end: out of their box where that hides or scrolls, out of their chart, or under
// other words of it.
const cutOff = page => page.evaluate(() => {
  const shown = element => element.getClientRects().length > 0;
  const found = [];
  for (const box of document.querySelectorAll('#report *:not(svg *)')) {
    if (!shown(box) || getComputedStyle(box).overflowX === 'visible' || box.matches('[data-chart] *, .toggle')) continue;
    if (box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1) found.push(`${box.className}: ${box.textContent.slice(0, 40)}`);
  }
  for (const cell of document.querySelectorAll('td, th, .tile dd, .tile dt')) {
    if (shown(cell) && cell.getBoundingClientRect().right > innerWidth + 1) found.push(`beyond the window: ${cell.textContent.slice(0, 40)}`);
  }
  for (const chart of document.querySelectorAll('[data-chart]')) {
    if (!shown(chart)) continue;
    const svg = chart.querySelector('svg').getBoundingClientRect();
    const words = [...chart.querySelectorAll('svg text')].filter(text => text.textContent.trim() && getComputedStyle(text).visibility !== 'hidden');
    const boxes = words.map(text => text.getBoundingClientRect());
    const say = (what, at) => found.push(`${chart.dataset.chart} ${what}: ${words[at].textContent}`);
    boxes.forEach((box, at) => {
      if (box.left < svg.left - 1 || box.right > svg.right + 1 || box.top < svg.top - 1 || box.bottom > svg.bottom + 1) say('cuts off', at);
      const upright = other => !words[other].getAttribute('transform')?.includes('matrix') && !words[other].getAttribute('transform')?.includes('rotate');
      const under = boxes.findIndex((other, later) => later > at && upright(at) && upright(later)
        && Math.min(box.right, other.right) - Math.max(box.left, other.left) > 2 && Math.min(box.bottom, other.bottom) - Math.max(box.top, other.top) > 4);
      if (under >= 0) say(`has "${words[under].textContent}" over`, at);
    });
  }
  return found.slice(0, 8).join('; ');
});

const headings = page => page.locator('h1, h2, h3, .question').allInnerTexts();
const hangul = texts => texts.filter(text => /[가-힣]/.test(text)).length / texts.length;
const overflow = page => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
const shot = async (page, name) => outdir && page.screenshot({ path: join(outdir, name), fullPage: true });

if (outdir) mkdirSync(outdir, { recursive: true });
const browser = await chromium.launch({
  executablePath,
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'],
});
try {
  const address = pathToFileURL(resolve(report)).href;
  const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, colorScheme: 'light' });
  const page = await context.newPage();
  const eye = await (await browser.newContext()).newPage();
  const complaints = [];
  const requests = [];
  page.on('console', message => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', error => complaints.push(error.message));
  page.on('request', request => requests.push(request.url()));
  const settle = () => page.evaluate(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 60)))));

  await page.goto(address);
  await settle();
  check('the proofs are folded', await page.locator('details[open]').count() > 0 && 'a part is open');
  const openAll = async () => {
    await page.locator('details.evidence').evaluateAll(all => all.forEach(each => { each.open = true; }));
    await settle();
  };

  const texts = {};
  for (const lang of ['en', 'ko']) {
    const button = page.locator(`button[data-lang="${lang}"]`);
    await button.focus({ timeout: 3000 });
    await page.keyboard.press('Enter');
    await settle();
    await openAll();
    texts[lang] = await headings(page);
    check(`${lang}: the page says so`, await page.evaluate(() => document.documentElement.lang) !== lang && 'lang attribute not set');
    check(`${lang}: the button is pressed`, await button.getAttribute('aria-pressed') !== 'true' && 'aria-pressed not set');
    await checkCharts(page, eye, lang);
    await checkMarks(page, lang);
    check(`${lang}: nothing is cut off`, await cutOff(page));
    check(`${lang}: fits the window`, await overflow(page) > 0 && `${await overflow(page)} px too wide`);
    await page.evaluate(() => scrollTo(0, 0));
    await shot(page, `desktop-${lang}.png`);
  }
  check('Korean is Korean', hangul(texts.ko) < 0.5 && `Hangul in ${hangul(texts.ko)} of the headings`);
  check('English is English', hangul(texts.en) > 0.1 && `Hangul in ${hangul(texts.en)} of the headings`);

  await page.emulateMedia({ colorScheme: 'dark' });
  await settle();
  await checkCharts(page, eye, 'dark');
  await checkMarks(page, 'dark');
  await shot(page, 'dark.png');
  await page.emulateMedia({ colorScheme: 'light' });

  await page.setViewportSize({ width: 390, height: 800 });
  for (const lang of ['en', 'ko']) {
    await page.locator(`button[data-lang="${lang}"]`).click();
    await openAll();
    check(`phone: no sideways scrolling of the page (${lang})`, await overflow(page) > 0 && `${await overflow(page)} px too wide`);
    check(`phone: nothing is cut off (${lang})`, await cutOff(page));
  }
  await checkCharts(page, eye, 'phone');
  await checkMarks(page, 'phone');
  await page.evaluate(() => scrollTo(0, 0));
  await shot(page, 'phone.png');

  await page.setViewportSize({ width: 1200, height: 900 });
  await settle();
  const pdf = await page.pdf({ format: 'A4' });
  const pages = (pdf.toString('latin1').match(/\/Type\s*\/Page\b/g) ?? []).length;
  check('print: a document of pages', (pdf.subarray(0, 5).toString() !== '%PDF-' || pdf.length < 20000 || pages < 1) && `${pdf.length} bytes, ${pages} pages`);
  if (outdir) writeFileSync(join(outdir, 'print.pdf'), pdf);
  await page.emulateMedia({ media: 'print' });
  await page.setViewportSize({ width: 690, height: 1000 });
  const cut = await page.locator('[data-chart] svg').evaluateAll(all => all.filter(svg => svg.getBoundingClientRect().right > innerWidth + 1).length);
  check('print: no chart is cut at the edge', cut > 0 && `${cut} charts`);
  check('print: no button on paper', await page.locator('button').first().isVisible() && 'the language buttons show');

  const foreign = requests.filter(url => url !== address && !url.startsWith('data:'));
  check('nothing is fetched', foreign.join(' '));
  check('no error in the console', complaints.join(' | '));
} catch (error) {
  check('the test ran to its end', error.message);
} finally {
  await browser.close();
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
