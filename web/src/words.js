// The page's own words: words/CODE.json, a file a language, put in by build.mjs. Everything else a reader sees comes from
// the data. `month` and `year` are how dates write them, `after` the signs of currencies that stand behind the number.
export const words = WORDS;

export const filled = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
