// SPDX-License-Identifier: GPL-2.0-or-later
// Elements from values, and an update of the shown ones that keeps scroll, focus, and what was
// typed. Text is always text: nothing here reads markup.

const kSvg = 'http://www.w3.org/2000/svg';
const kHandlers = ['onclick', 'onchange', 'oninput', 'onsubmit', 'onkeydown', 'onclose', 'ontoggle'];

function fill(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith('on')) element[key] = value;
    else element.setAttribute(key, value === true ? '' : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}
export const h = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
export const svg = (tag, attributes, ...children) => fill(document.createElementNS(kSvg, tag), attributes, children);

const keyOf = (node) => node.nodeType === 1 ? node.id || node.getAttribute('data-key') || '' : '';
const alike = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && keyOf(a) === keyOf(b);

function update(shown, next) {
  if (shown.nodeType !== 1) {
    if (shown.data !== next.data) shown.data = next.data;
    return;
  }
  // A control that the address changed, by Back or a link; what a person is typing stays.
  const given = (node) => node.nodeName === 'SELECT' ? node.querySelector('option[selected]')?.value : node.getAttribute('value');
  const changed = ['INPUT', 'SELECT'].includes(shown.nodeName) && given(shown) !== given(next) && shown !== document.activeElement;
  const own = shown.nodeName === 'DETAILS' || shown.nodeName === 'DIALOG' ? ['open'] : [];  // the reader's choice
  for (const { name } of [...shown.attributes])
    if (!next.hasAttribute(name) && !own.includes(name)) shown.removeAttribute(name);
  for (const { name, value } of next.attributes)
    if (shown.getAttribute(name) !== value && !own.includes(name)) shown.setAttribute(name, value);
  for (const name of kHandlers) if (shown[name] !== next[name]) shown[name] = next[name];
  if (shown.hasAttribute('data-keep')) return;  // a form that a person fills in, or its result
  patch(shown, next);
  if (changed) shown.value = given(shown) ?? '';
}

// The children of `shown` become those of `made`.
export function patch(shown, made) {
  const wanted = new Set([...made.childNodes].map(keyOf).filter(Boolean));
  let at = shown.firstChild;
  for (const next of [...made.childNodes]) {
    while (at && keyOf(at) && !wanted.has(keyOf(at))) {
      const gone = at;
      at = at.nextSibling;
      gone.remove();
    }
    const key = keyOf(next);
    const same = at && alike(at, next) ? at
      : key ? [...shown.children].find((child) => alike(child, next)) : null;
    if (same) {
      if (same === at) at = at.nextSibling;
      else shown.insertBefore(same, at);
      update(same, next);
    } else if (at && !key && !keyOf(at)) {
      const old = at;
      at = at.nextSibling;
      old.replaceWith(next);
    } else {
      shown.insertBefore(next, at);
    }
  }
  while (at) {
    const gone = at;
    at = at.nextSibling;
    gone.remove();
  }
}

export function say(text) {
  document.getElementById('said').textContent = text;
}

// What a person sees of a date: in the time zone of the policies, which the foot of the page names.
let zone = 'UTC';
export function setZone(name) {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    zone = name;
  } catch {
    zone = 'UTC';  // "local", or a zone that this browser does not know
  }
}
export const zoneName = () => zone;

const kDay = { year: 'numeric', month: '2-digit', day: '2-digit' };
const kClock = { hour: '2-digit', minute: '2-digit' };
const inZone = (iso, options) => new Intl.DateTimeFormat('sv-SE', { ...options, timeZone: zone }).format(new Date(iso));
export const day = (iso) => inZone(iso, kDay);
export const instant = (iso) => inZone(iso, { ...kDay, ...kClock });
export const clock = (iso) => inZone(iso, { ...kClock, second: '2-digit' });
export const offset = (iso) => new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' })
  .formatToParts(new Date(iso)).find((part) => part.type === 'timeZoneName').value.replace('GMT', 'UTC');
export function time(iso, format = instant) {
  return iso ? h('time', { datetime: iso, title: iso, class: 'nowrap' }, format(iso)) : '–';
}

export function span(seconds) {
  const parts = [[86400, 'd'], [3600, 'h'], [60, 'min'], [1, 's']];
  const [size, unit] = parts.find(([each]) => seconds >= each) ?? parts[3];
  return `${Math.floor(seconds / size)} ${unit}`;
}

const plain = new Intl.NumberFormat('en', { maximumFractionDigits: 2 });
export const amount = (value) => value === null || value === undefined ? '–' : plain.format(value);
export const percent = (value) => value === null || value === undefined ? 'no allocation' : `${value.toFixed(1)} %`;
