// SPDX-License-Identifier: GPL-2.0-or-later
// What several views have in common: badges, bars, tables, links.
import { amount, day, h, percent, say, svg, time } from './dom.js';

export function address(path, query = {}) {
  const given = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value) given.set(key, value);
  const text = given.toString();
  return `#/${path}${text ? `?${text}` : ''}`;
}
export const accountLink = (name) =>
  h('a', { href: address(`account/${encodeURIComponent(name)}`), class: 'name' }, h('bdi', {}, name));
export const policyLinks = (names) => names.split(',').filter(Boolean).flatMap((name, i) =>
  [i ? ', ' : '', h('a', { href: address(`policy/${encodeURIComponent(name)}`) }, h('bdi', {}, name))]);

// Where usage changes colour: the warning, the first slower step, the pause of the account's policies. Without thresholds
// (records) as HomePort colours it: from 80, from 100, from the grace limit on.
export function limits(grace, thresholds = []) {
  const lowest = (matches, otherwise) => {
    const found = thresholds.filter(({ name }) => matches(name)).map((each) => each.percent);
    return found.length ? Math.min(...found) : otherwise;
  };
  return { near: lowest((name) => name === 'notify', 80), over: lowest((name) => name !== 'notify' && name !== 'pause', 100),
    stop: lowest((name) => name === 'pause', grace) };
}
const limitsOf = (account) => limits(account.grace_limit_percentage ?? 100, account.thresholds);
export function level(value, { near, over, stop }) {
  if (value === null || value === undefined) return 'good';
  return value >= stop ? 'stop' : value >= over ? 'over' : value >= near ? 'near' : 'good';
}
export const kStandings = { paused: 'stop', downscaled: 'over', warned: 'near', normal: 'good' };

// What the account counts as: see accounts_query.hpp.
export const countedAs = (account) => (account.mode === 'observe' ? 'observed' : account.standing);

export const percentBadge = (value, grace, thresholds) =>
  badge(value === null || value === undefined ? 'quietly' : level(value, limits(grace, thresholds)), percent(value));
export const badge = (kind, ...text) => h('span', { class: `badge ${kind}` }, ...text);

export function standingBadge(account) {
  if (account.error) return badge('stop', 'not evaluated');
  const { standing, would_be: would } = account;
  if (account.mode === 'observe') return badge('quietly', would ? `would be ${would.standing}` : `${standing}, observed`);
  return badge(kStandings[standing] ?? 'quietly', standing);
}

// Why the account stands as it does, in the daemon's words; the account above as a link.
export function cause(account) {
  if (account.error) return h('bdi', {}, account.error);
  const { kind, account: parent, text } = account.cause;
  if (!text) return '';
  return kind === 'ancestor' ? [h('bdi', {}, text), ' (', accountLink(parent), ')'] : h('bdi', {}, text);
}

// The whole width is the grace limit or more; marks at 100 % and at the grace limit.
export function bar(value, grace, kind, label) {
  const full = Math.max(100, grace, Math.min(value ?? 0, 2 * Math.max(100, grace)));
  const at = (x) => `${Math.min(100, (100 * x) / full).toFixed(2)}%`;
  return svg('svg', { class: `bar ${kind}`, role: 'img', 'aria-label': label, preserveAspectRatio: 'none' },
    svg('rect', { class: 'track', width: '100%', height: '100%', rx: 3 }),
    svg('rect', { class: 'value', width: at(Math.max(0, value ?? 0)), height: '100%', rx: 3 }),
    svg('line', { class: 'mark', x1: at(100), x2: at(100), y1: 0, y2: '100%' }));
}

export function usageLine(component, account) {
  const grace = account.grace_limit_percentage ?? 100;
  const value = component.usage_percentage;
  const kind = level(value, limitsOf(account));
  const words = `${component.component}: ${percent(value)} of the effective allocation used`;
  return h('li', {},
    h('span', { class: 'what' }, h('bdi', {}, component.component)),
    value === null ? h('span') : bar(value, grace, kind, words),
    h('span', { class: `number ${kind}` }, percent(value)),
    h('span', { class: 'number quiet' }, `${amount(component.used)} / ${amount(component.effective_allocation)}`));
}
export const usageLines = (account) =>
  h('ul', { class: 'uses' }, account.components.map((component) => usageLine(component, account)));

// The threshold that is reached next at the present rate.
export function forecast(account) {
  const next = account.thresholds.filter((each) => each.crossing)
    .sort((a, b) => a.crossing_epoch - b.crossing_epoch)[0];
  return next ? [h('span', {}, `${next.percent} % `), time(next.crossing, day)] : '–';
}

// Roles in words: the phone's layout would take them away. columns: [heading, class, sort key]
export function table(caption, columns, rows, { sort = '', order, shown = false } = {}) {
  const head = columns.map(([text, kind, key]) => {
    const down = sort === `-${key}`;
    const mark = key && (sort === key || down) ? (down ? 'descending' : 'ascending') : undefined;
    const content = key && order
      ? h('button', { type: 'button', class: 'plain', 'data-key': `sort-${key}`, onclick: () => order(mark === 'descending' ? key : mark ? `-${key}` : key === 'account' || key === 'resets' || key === 'forecast' ? key : `-${key}`) },
        text, h('span', { 'aria-hidden': 'true' }, mark ? (down ? ' ▼' : ' ▲') : ''))
      : text;
    return h('th', { role: 'columnheader', scope: 'col', class: kind, 'aria-sort': mark }, content);
  });
  return h('div', { class: 'scroll' }, h('table', { role: 'table' },
    h('caption', { class: shown ? '' : 'unseen' }, caption),
    h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' }, head)),
    h('tbody', { role: 'rowgroup' }, rows)));
}
export function row(columns, cells, key) {
  return h('tr', { role: 'row', 'data-key': key }, cells.map((cell, i) =>
    h('td', { role: 'cell', class: columns[i][1], 'data-label': columns[i][0] }, cell)));
}

export function copyButton(text) {
  return h('button', { type: 'button', class: 'small', 'aria-label': `Copy: ${text}`, onclick: async () => {
    try {
      await navigator.clipboard.writeText(text);
      say('Copied.');
    } catch {
      say('The browser did not allow the copy: select the text and copy it.');
    }
  } }, 'Copy');
}

export function pager(shown, first, count, go, page, last) {
  return h('nav', { class: 'pager', 'aria-label': 'Pages' },
    h('span', {}, count ? `${amount(first)}–${amount(first + shown - 1)} of ${amount(count)}` : 'None'),
    h('button', { type: 'button', 'data-key': 'prev', disabled: page <= 1, onclick: () => go(page - 1) }, 'Previous'),
    h('button', { type: 'button', 'data-key': 'next', disabled: page >= last, onclick: () => go(page + 1) }, 'Next'));
}

export const facts = (...pairs) => h('dl', { class: 'facts' }, pairs.filter(Boolean).map(([term, ...value]) =>
  h('div', {}, h('dt', {}, term), h('dd', {}, ...value))));
export const card = (id, title, ...content) =>
  h('section', { class: 'card', 'aria-labelledby': id }, h('h2', { id }, title), ...content);

const jobColumns = [['Job', ''], ['User', ''], ['Account', 'who'], ['Reason', ''], ['Released by', 'wide']];
// answer: of GET jobs
export function waitingJobs({ jobs, count, unlisted }) {
  if (!count && !unlisted) return h('p', {}, 'No queued job waits because of Sluice.');
  return [table('Waiting jobs', jobColumns, jobs.map((job) => row(jobColumns, [job.job, h('bdi', {}, job.user), h('bdi', {}, job.account),
    h('code', {}, job.state_reason), [job.release, job.command && h('p', { class: 'remedy' }, h('code', {}, job.command), copyButton(job.command))]], `job-${job.job_id}`))),
  count + unlisted > jobs.length && h('p', { class: 'quiet' }, `The first ${jobs.length} of ${count + unlisted} jobs are shown.`)];
}
