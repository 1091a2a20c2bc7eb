/* What scripts say to people, in the language of the page. One that is not in English has loaded Django's
   catalogue (/words.js) before its modules; without it, the English text is said. Holes in a text are
   written {name}. tests/translations.py reads the calls, so the text stands in them in double quotes. */

const catalogue = globalThis.django;

/** `values` may hold what people wrote: braces in it are left alone. */
const filled = (text, values) => text.replace(/\{(\w+)\}/g, (hole, name) => values[name] ?? hole);

export const gettext = (text, values = {}) => filled(catalogue?.gettext(text) ?? text, values);

/** The number also fills {count}. */
export const ngettext = (one, many, count, values = {}) =>
  filled(catalogue?.ngettext(one, many, count) ?? (count === 1 ? one : many), { count, ...values });

export const quoted = (text) => gettext("“{text}”", { text });
