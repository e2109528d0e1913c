// SPDX-License-Identifier: GPL-2.0-or-later
// Usage of an account over a period, as percent of the effective allocation: what each day added,
// thresholds, entries of staff, and the forecast. Tables say the same.
import { amount, day, h, instant, percent, svg, time } from './dom.js';
import { table, row } from './parts.js';

const H = 300, L = 52, T = 18, B = 32, kDay = 86400;
export const kNarrow = 640;  // pixels of a window in which labels of thresholds stand in the chart

// Dates below the axis, at the first instant of days of UTC.
function ticks(begin, end, most) {
  const out = [];
  const step = Math.max(1, Math.ceil((end - begin) / kDay / most)) * kDay;
  for (let at = Math.ceil(begin / kDay) * kDay; at < end; at += step) out.push(at);
  return out;
}

function niceTop(most) {
  return [100, 120, 150, 200, 300, 500, 1000, 2000, 5000].find((top) => most <= top) ?? Math.ceil(most / 1000) * 1000;
}

// What decides: one component, or all with their weights. total(amounts by component) is null where one is missing.
function metricOf(account) {
  const billing = account.deciding_component === 'billing';
  const priced = account.components.filter((each) => each.tres === 'billing');
  const parts = !billing ? account.components.filter((each) => each.component === account.deciding_component)
    : priced.length && account.components.every((each) => each.weight === 1) ? priced : account.components;
  const total = (amounts) => parts.reduce((sum, each) =>
    sum === null || amounts?.[each.component] === undefined || amounts[each.component] === null ? null : sum + (billing ? each.weight : 1) * amounts[each.component], 0);
  return { total, parts };
}

// [{at, value}] at the ends of days: from the amounts of rollups, else from the last evaluation of the day.
function course(account, usage, present, now) {
  const { total, parts } = metricOf(account);
  const whole = parts.length ? total(usage.effective_allocation) : null;
  const used = usage.days.map((each) => (whole > 0 && each.used ? total(each.used) : null));
  // What rollups of the present period have beyond these days: the first ones were purged or cut.
  const settled = present ? total(Object.fromEntries(account.components.map((each) => [each.component, each.usage.settled]))) : 0;
  let sum = Math.max(0, (settled ?? 0) - used.reduce((all, each) => all + (each ?? 0), 0));
  const points = [];
  usage.days.forEach((each, i) => {
    const end = Math.min(usage.days[i + 1]?.begin_epoch ?? each.begin_epoch + kDay, now, usage.end_epoch ?? Infinity);
    sum += used[i] ?? 0;
    const value = used[i] !== null ? (100 * sum) / whole : each.usage_percentage;
    points.push({ at: end, value, added: each.used, begin: each.begin });
  });
  return points;
}

function dayTable(account, points) {
  const columns = [['Day', ''], ...account.components.map((each) => [`${each.component} used`, 'number']), ['Since the begin', 'number']];
  return h('details', {}, h('summary', {}, 'Usage by day as a table'), table('Usage by day', columns, points.map((point) => row(columns, [
    time(point.begin, day), ...account.components.map((each) => (point.added ? amount(point.added[each.component]) : '–')),
    point.value === null ? '–' : percent(point.value)], point.begin))));
}

// changes: evaluations that changed the standing; entries: of staff, as {at, word}; present: the period is not over
export function usageChart(account, usage, changes, entries, now, present) {
  const narrow = innerWidth < kNarrow;
  const W = narrow ? 400 : 900, R = narrow ? 8 : 130;
  const days = course(account, usage, present, now);
  const points = days.filter((each) => each.value !== null && (!present || each.at < now));
  if (present && account.usage_percentage !== null) points.push({ at: now, value: account.usage_percentage });
  if (!points.length) return [h('p', { class: 'quiet' }, 'No usage of this period is known as a share of the allocation.'), days.some((each) => each.added) && dayTable(account, days)];
  const crossings = present ? account.thresholds.filter((each) => each.crossing_epoch).sort((a, b) => a.crossing_epoch - b.crossing_epoch) : [];
  const begin = usage.cut ? usage.days[0].begin_epoch : usage.begin_epoch || points[0].at - kDay;
  const end = usage.end_epoch ?? Math.max(now + kDay, ...crossings.map((each) => each.crossing_epoch));
  if (!usage.cut && points[0].at > begin) points.unshift({ at: begin, value: 0 });
  const inside = (at) => at >= begin && at <= end;
  const top = niceTop(Math.max(account.grace_limit_percentage ?? 100, ...points.map((point) => point.value)) * 1.08);
  const x = (at) => L + ((Math.min(Math.max(at, begin), end) - begin) / (end - begin || 1)) * (W - L - R);
  const y = (value) => H - B - (Math.min(Math.max(value, 0), top) / top) * (H - T - B);
  const line = points.map((point, i) => `${i ? 'L' : 'M'}${x(point.at).toFixed(1)} ${y(point.value).toFixed(1)}`).join('');
  const last = points.at(-1);
  const label = (text, px, py, kind, anchor = 'start') => svg('text', { x: px, y: py, class: kind, 'text-anchor': anchor }, text);
  const deciding = account.components.find((each) => each.component === account.deciding_component);
  const carried = present && deciding?.carryover > 0 && deciding.effective_allocation > 0 ? deciding : null;
  const lines = account.thresholds.map((each) => ({ at: each.percent, text: `${each.name} ${each.percent} %`, kind: each.percent < 100 ? 'near' : each.name === 'pause' ? 'stop' : 'over' }));
  if (carried) lines.push({ at: 100 * (1 - carried.carryover / carried.effective_allocation), text: 'no carryover', kind: 'base' });
  let lowest = -99;
  const thresholds = lines.filter((each) => each.at <= top).sort((a, b) => b.at - a.at).map((each) => {
    const at = y(each.at);
    const text = Math.max(at + 4, lowest + 14);  // labels do not cover one another
    lowest = text;
    return [svg('line', { x1: L, x2: W - R, y1: at, y2: at, class: `threshold ${each.kind}` }),
      narrow ? label(each.text, L + 4, text - 8, 'tick') : label(each.text, W - R + 6, text, 'tick')];
  });
  const valueAt = (at) => points.filter((point) => point.at <= at).at(-1)?.value ?? 0;
  const marks = [...changes.map((each) => ({ at: each.evaluated_at_epoch, word: `${each.mode === 'observe' ? 'would be ' : ''}${each.standing}`, value: each.usage_percentage ?? 0 })),
    ...entries.map((each) => ({ ...each, value: valueAt(each.at) }))].filter((mark) => inside(mark.at)).sort((a, b) => a.at - b.at);
  const dots = marks.map((mark) => svg('g', {}, svg('title', {}, `${mark.word}, ${instant(mark.at * 1000)}`),
    svg('circle', { cx: x(mark.at), cy: y(mark.value), r: 5, class: 'event' })));
  const summary = [present ? `Usage is ${percent(account.usage_percentage)} of the effective allocation.` : `Usage reached ${percent(last.value)} of the effective allocation.`,
    carried && `${amount(carried.carryover)} ${carried.component} of it are carried over from ${carried.carryover_derivation.previous_period}.`,
    ...crossings.map((each) => `At the present rate it reaches ${each.percent} % on ${day(each.crossing)}.`),
    present && !crossings.length && 'At the present rate it reaches no further threshold in this period.',
    { rollups: 'Days are from slurmdbd.', both: 'Days are from slurmdbd, and from evaluations where slurmdbd has none.',
      evaluations: 'Days are from evaluations: slurmdbd has no figures of this period.' }[usage.source]].filter(Boolean).join(' ');
  const far = crossings.at(-1);
  const columns = [['Time', ''], ['Event', ''], ['Usage', 'number']];
  return h('figure', { class: 'chart' },
    svg('svg', { viewBox: `0 0 ${W} ${H}`, role: 'img', 'aria-label': summary },
      [0, top / 2, top].map((value) => [svg('line', { x1: L, x2: W - R, y1: y(value), y2: y(value), class: 'grid' }),
        label(`${value} %`, L - 8, y(value) + 4, 'tick', 'end')]),
      ticks(begin, end, narrow ? 3 : 6).filter((at, i) => !i || x(at) - L > 112).map((at) => label(day(at * 1000), x(at), H - 8, 'tick', x(at) < L + 30 ? 'start' : x(at) > W - 45 ? 'end' : 'middle')),
      svg('path', { d: `${line}L${x(last.at).toFixed(1)} ${y(0)}L${x(points[0].at).toFixed(1)} ${y(0)}Z`, class: 'area' }),
      thresholds, svg('path', { d: line, class: 'line' }),
      far && svg('path', { d: `M${x(last.at)} ${y(last.value)}L${x(far.crossing_epoch)} ${y(far.percent)}`, class: 'forecast' }),
      present && [svg('line', { x1: x(now), x2: x(now), y1: T, y2: H - B, class: 'now' }), label('now', x(now), T - 5, 'tick', 'middle')],
      dots),
    h('figcaption', {}, summary),
    dayTable(account, days),
    marks.length > 0 && h('details', {}, h('summary', {}, 'Events of the period as a table'), table('Events of the period', columns, marks.map((mark) =>
      row(columns, [time(new Date(mark.at * 1000).toISOString()), mark.word, percent(mark.value)])))));
}
