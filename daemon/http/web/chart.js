// SPDX-License-Identifier: GPL-2.0-or-later
// Usage of an account over its period, as percent of the effective allocation: a step for each
// recorded evaluation, thresholds, entries of staff, and the forecast. A table says the same.
import { day, h, instant, percent, svg, time } from './dom.js';
import { table, row } from './parts.js';

const H = 300, L = 52, T = 18, B = 32;
export const kNarrow = 640;  // pixels of a window in which labels of thresholds stand in the chart

// Dates below the axis, at the first instant of days of UTC.
function ticks(begin, end, most) {
  const out = [];
  const step = Math.max(1, Math.ceil((end - begin) / 86400 / most)) * 86400;
  for (let at = Math.ceil(begin / 86400) * 86400; at < end; at += step) out.push(at);
  return out;
}

function niceTop(most) {
  return [100, 120, 150, 200, 300, 500, 1000, 2000, 5000].find((top) => most <= top) ?? Math.ceil(most / 1000) * 1000;
}

// evaluations: newest first
export function usageChart(account, evaluations, entries, now) {
  const narrow = innerWidth < kNarrow;
  const W = narrow ? 400 : 900, R = narrow ? 8 : 120;
  const begin = account.period.begin_epoch || Math.min(now, ...evaluations.map((each) => each.evaluated_at_epoch));
  const crossings = account.thresholds.filter((each) => each.crossing_epoch);
  const end = account.period.end_epoch ?? Math.max(now + 86400, ...crossings.map((each) => each.crossing_epoch));
  const points = evaluations.filter((each) => each.evaluated_at_epoch >= begin && each.usage_percentage !== null)
    .map((each) => ({ at: each.evaluated_at_epoch, value: each.usage_percentage, to: each.standing, from: each.previous_standing }))
    .reverse();
  if (account.usage_percentage !== null) points.push({ at: now, value: account.usage_percentage, to: account.standing, from: account.standing });
  if (account.period.begin_epoch && points.length) points.unshift({ at: begin, value: 0, to: '', from: '' });
  if (!points.length) return h('p', { class: 'quiet' }, 'No evaluation of this period has a usage.');
  const most = Math.max(account.grace_limit_percentage ?? 100, ...points.map((point) => point.value)) * 1.08;
  const top = niceTop(most);
  const x = (at) => L + ((Math.min(Math.max(at, begin), end) - begin) / (end - begin || 1)) * (W - L - R);
  const y = (value) => H - B - (Math.min(Math.max(value, 0), top) / top) * (H - T - B);
  let line = `M${x(points[0].at).toFixed(1)} ${y(points[0].value).toFixed(1)}`;
  for (const point of points.slice(1)) line += `L${x(point.at).toFixed(1)} ${y(point.value).toFixed(1)}`;
  const last = points.at(-1);
  const label = (text, px, py, kind, anchor = 'start') => svg('text', { x: px, y: py, class: kind, 'text-anchor': anchor }, text);
  const lines = account.thresholds.filter((each) => each.percent <= top).sort((a, b) => b.percent - a.percent);
  let lowest = -99;
  const thresholds = lines.map((each) => {
    const at = y(each.percent);
    const text = Math.max(at + 4, lowest + 14);  // labels do not cover one another
    lowest = text;
    return [svg('line', { x1: L, x2: W - R, y1: at, y2: at, class: `threshold ${each.percent < 100 ? 'near' : each.name === 'pause' ? 'stop' : 'over'}` }),
      narrow ? label(`${each.name} ${each.percent} %`, L + 4, at - 4, 'tick') : label(`${each.name} ${each.percent} %`, W - R + 6, text, 'tick')];
  });
  const changes = points.filter((point) => point.from !== point.to);
  const marks = [...changes.map((point) => ({ at: point.at, word: point.to, value: point.value })),
    ...entries.filter((entry) => entry.at >= begin && entry.at <= end).map((entry) => ({ ...entry, value: 0 }))];
  const next = crossings.sort((a, b) => a.crossing_epoch - b.crossing_epoch);
  const dots = marks.map((mark) => svg('g', {}, svg('title', {}, `${mark.word}, ${instant(mark.at * 1000)}`),
    svg('circle', { cx: x(mark.at), cy: y(mark.value), r: 5, class: 'event' })));
  const summary = `Usage is ${percent(account.usage_percentage)} of the effective allocation. ` +
    (next.length ? next.map((each) => `At the present rate it reaches ${each.percent} % on ${day(each.crossing)}.`).join(' ')
      : 'At the present rate it reaches no further threshold in this period.');
  const far = next.at(-1);
  const columns = [['Time', ''], ['Event', ''], ['Usage', 'number']];
  return h('figure', { class: 'chart' },
    svg('svg', { viewBox: `0 0 ${W} ${H}`, role: 'img', 'aria-label': summary },
      [0, top / 2, top].map((value) => [svg('line', { x1: L, x2: W - R, y1: y(value), y2: y(value), class: 'grid' }),
        label(`${value} %`, L - 8, y(value) + 4, 'tick', 'end')]),
      ticks(begin, end, narrow ? 3 : 6).map((at) => label(day(at * 1000), x(at), H - 8, 'tick', x(at) < L + 30 ? 'start' : 'middle')),
      thresholds,
      svg('path', { d: `${line}L${x(last.at).toFixed(1)} ${y(0)}L${x(points[0].at).toFixed(1)} ${y(0)}Z`, class: 'area' }),
      svg('path', { d: line, class: 'line' }),
      far && svg('path', { d: `M${x(last.at)} ${y(last.value)}L${x(far.crossing_epoch)} ${y(far.percent)}`, class: 'forecast' }),
      svg('line', { x1: x(now), x2: x(now), y1: T, y2: H - B, class: 'now' }), label('now', x(now), T - 5, 'tick', 'middle'),
      dots),
    h('figcaption', {}, summary),
    marks.length ? h('details', {}, h('summary', {}, 'Events of the period as a table'),
      table('Events of the period', columns, marks.sort((a, b) => a.at - b.at).map((mark) =>
        row(columns, [time(new Date(mark.at * 1000).toISOString()), mark.word, mark.value ? percent(mark.value) : ''])))) : null);
}
