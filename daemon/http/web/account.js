// SPDX-License-Identifier: GPL-2.0-or-later
// One account: why it stands as it does, its usage over the period, and what was done to it.
import { get, getPage } from './api.js';
import { amount, day, h, percent, time } from './dom.js';
import { usageChart } from './chart.js';
import { adjustmentDialog, endDialog, overrideDialog, transferDialog } from './forms.js';
import { commandTable, commandsFor, evaluationTable } from './log.js';
import { accountLink, address, bar, card, cause, facts, forecast, percentBadge, policyLinks, row, standingBadge, table, usageLines, waitingJobs } from './parts.js';

const kChanges = 500;
const kShown = 10;
const kChildren = 50;
const figureColumns = [['Component', ''], ['Allocation', 'number'], ['Carryover', 'number'], ['Adjustments', 'number'], ['Borrowed', 'number'],
  ['Effective', 'number'], ['Settled', 'number'], ['Finished', 'number'], ['Running', 'number'], ['Committed', 'number'], ['Left', 'number'], ['Used', 'number']];
const overrideColumns = [['Standing', ''], ['From', ''], ['Until', ''], ['By', 'short'], ['Reason', 'wide'], ['State', ''], ['', '']];
const adjustmentColumns = [['Period', 'short'], ['Amount', ''], ['By', 'short'], ['At', ''], ['Reason', 'wide'], ['State', 'short'], ['', 'short']];
const childColumns = [['Account', 'who'], ['Usage', 'wide'], ['Standing', '']];

function figures(account) {
  const grace = account.grace_limit_percentage ?? 100;
  return table('Figures by component', figureColumns, account.components.map((each) => row(figureColumns, [
    [h('bdi', {}, each.component), h('small', { class: 'block' }, each.tres)], amount(each.allocation), amount(each.carryover), amount(each.adjustments),
    amount(each.borrowed), amount(each.effective_allocation), amount(each.usage.settled), amount(each.usage.finished), amount(each.usage.running),
    each.committed === null ? '–' : amount(each.committed), amount(each.left), percentBadge(each.usage_percentage, grace, account.thresholds)])));
}

function shareLine(label, share, text) {
  return h('li', {}, h('span', { class: 'what' }, label), share === null || share === undefined ? h('span') : bar(share, 100, 'info', `${percent(share)} of the account's usage`),
    h('span', { class: 'number' }, share === null || share === undefined ? '–' : percent(share)), h('span', { class: 'number quiet' }, text));
}

function users(top) {
  return top.filter((each) => each.users.length).map((each) => [h('h3', {}, h('bdi', {}, each.component)),
    h('ul', { class: 'uses' }, each.users.map((user) => shareLine(h('bdi', {}, user.user || 'deleted accounts'), user.share_percentage,
      user.used === null ? `${amount(user.running + user.finished)} since the last rollup` : amount(user.used))))]);
}

// The answer of a person's request stays until the view is left.
function wholePeriod(name) {
  const place = h('div', { 'data-keep': true, id: 'by-user' });
  const button = h('button', { type: 'button', onclick: async () => {
    button.disabled = true;
    try {
      const { usage } = await get('usage', { account: name, by_user: 1 });
      const list = users(usage);
      place.replaceChildren(...h('div', {}, list.length ? list : h('p', {}, 'No user has used anything in this period.')).childNodes);
    } catch (error) {
      place.append(h('p', { class: 'fault', role: 'alert' }, error.message));
      button.disabled = false;
    }
  } }, 'Read all users of the whole period');
  place.append(button);
  return place;
}

function children(account, list, count) {
  const used = new Map(account.components.map((each) => [each.component, each.used]));
  return card('children', 'Sub-accounts', table('Sub-accounts', childColumns, list.map((child) => row(childColumns, [
    [accountLink(child.account), h('small', { class: 'block' }, child.components.map((each) => {
      const all = used.get(each.component);
      return all > 0 ? `${percent((100 * each.used) / all)} of ${each.component} of ${account.account}` : '';
    }).filter(Boolean).join(', '))], usageLines(child), [standingBadge(child), h('small', { class: 'block' }, cause(child))]], child.account))),
  count > list.length && h('p', {}, h('a', { href: address('', { parent: account.account }) }, `All ${count} sub-accounts`)));
}

// Usage of one period by day; "" is the present one. Without an answer the rest of the view stands.
async function usageOf(name, period) {
  try {
    return (await get(`accounts/${encodeURIComponent(name)}/usage`, { by: 'day', period })).usage;
  } catch (error) {
    if (error.status === 401 || error.status === 0) throw error;
    return { fault: error.message };
  }
}

function courseCard(account, usage, chart, choose) {
  const periods = usage.periods ?? [account.billing_period];
  return card('course', 'Usage over the period', (periods.length > 1 || usage.fault) && h('form', { class: 'filters', onsubmit: (event) => event.preventDefault() },
    h('label', {}, 'Period', h('select', { id: 'period', onchange: (event) => choose(event.target.value) },
      periods.map((label, i) => h('option', { value: i ? label : '', selected: label === (usage.billing_period ?? account.billing_period) }, label))))),
  usage.fault ? h('p', { class: 'fault' }, usage.fault) : chart);
}

function previous(account) {
  const rows = account.components.filter((each) => each.carryover_derivation.previous_period);
  const columns = [['Period', ''], ['Component', ''], ['Base', 'number'], ['Used', 'number'], ['Unused', 'number'], ['Carried over', 'number']];
  return rows.length ? card('previous', 'Previous period', table('Previous period', columns, rows.map(({ component, carryover_derivation: from }) =>
    row(columns, [from.previous_period, h('bdi', {}, component), amount(from.base), amount(from.used_before), amount(from.unused),
      from.applied ? amount(from.carry) : `none (${from.reason.replaceAll('_', ' ')})`])))) : null;
}

// Staff may move allocation, and coordinators of the account above where each policy lets them.
async function mayMove(account, { staff, coordinates }) {
  if (staff || !coordinates.includes(account.parent) || !account.policy) return staff;
  const removed = (problem) => { if (problem.status === 404) return {}; throw problem; };
  const policies = await Promise.all(account.policy.split(',').map((each) => get(`policies/${encodeURIComponent(each)}`).catch(removed)));
  return policies.every(({ policy }) => policy?.coordinators === 'move');
}

function adjustmentState({ pair, takes_back: takes, taken_back_by: taken }) {
  const words = [pair && `transfer with ${pair}`, taken && `taken back by ${taken}`, takes && `takes back ${takes}`];
  return words.filter(Boolean).join(', ');
}

function entries(name, account, overrides, adjustments, { staff, moves }, render) {
  const button = (text, id, action) => h('button', { type: 'button', id, onclick: action }, text);
  const components = account.components.map((each) => each.component);
  return [card('overrides', 'Overrides',
    staff && h('p', {}, button('Set an override', 'new-override', () => overrideDialog(name, render))),
    overrides.length ? table('Overrides', overrideColumns, overrides.map((each) => row(overrideColumns, [
      each.standing, time(each.from), time(each.until), h('bdi', {}, each.by), h('bdi', {}, each.reason), each.state,
      staff && (each.state === 'in force' || each.state === 'to come')
        ? button('End', `end-${each.id}`, () => endDialog(`End override ${each.id}`, `overrides/${each.id}`, render)) : ''], `override-${each.id}`)))
      : h('p', { class: 'quiet' }, 'None.')),
  card('adjustments', 'Adjustments',
    (staff || moves) && h('p', { class: 'buttons' }, staff && button('Add an adjustment', 'new-adjustment', () => adjustmentDialog(name, components, render)),
      moves && button('Move allocation', 'new-transfer', () => transferDialog(name, components, render))),
    adjustments.length ? table('Adjustments', adjustmentColumns, adjustments.map((each) => row(adjustmentColumns, [
      each.period, Object.entries(each.units).map(([component, value]) => `${value > 0 ? '+' : ''}${amount(value)} ${component}`).join(', '),
      h('bdi', {}, each.by), time(each.at), h('bdi', {}, each.reason),
      adjustmentState(each), staff && !each.taken_back_by && !each.takes_back
        ? button('Take back', `back-${each.id}`, () => endDialog(each.pair ? `Take back transfer ${each.id}, ${each.pair}` : `Take back adjustment ${each.id}`, `adjustments/${each.id}`, render)) : ''], `adjustment-${each.id}`)))
      : h('p', { class: 'quiet' }, 'None.'))];
}

export async function account({ name, query, path, go, viewer, render }) {
  const [detail, usage, log, changed, known, set, added, below, jobs] = await Promise.all([
    get(`accounts/${encodeURIComponent(name)}`), usageOf(name, query.period), get('evaluations', { account: name, limit: kShown }),
    get('evaluations', { account: name, only: 'changed', limit: kChanges }), commandsFor({ account: name }),
    get('overrides', { account: name, limit: 100 }), get('adjustments', { account: name, limit: 100 }),
    getPage('accounts', { parent: name, sort: '-usage', page: 1, page_size: kChildren }), get('jobs', { account: name })]);
  const { account: it, explain, top_users: top } = detail;
  const rights = { staff: viewer.staff, moves: await mayMove(it, viewer) };
  const now = Date.now() / 1000;
  const marks = [...set.overrides.map((each) => ({ at: each.from_epoch, word: `override ${each.id}: ${each.standing}` })),
    ...set.overrides.filter((each) => each.ended).map((each) => ({ at: each.ended_epoch, word: `override ${each.id} ended` })),
    ...added.adjustments.map((each) => ({ at: each.at_epoch, word: `adjustment ${each.id}` }))];
  const shares = users(top);
  const chart = usage.fault ? null : usageChart(it, usage, changed.evaluations, marks, now, usage.billing_period === it.billing_period);
  return { title: name, content: [
    h('p', { class: 'crumbs' }, h('a', { href: '#/' }, 'Accounts'), it.parent && [' / ', accountLink(it.parent)], ' / ', h('bdi', {}, it.account)),
    h('h1', { tabindex: -1 }, h('bdi', {}, it.account), ' ', standingBadge(it)),
    card('standing', 'Standing', facts(
      ['Standing', it.standing, cause(it) && [': ', cause(it)]], ['Policy', policyLinks(it.policy), it.mode === 'observe' ? ' (observed only: nothing is changed)' : ''],
      ['Period', it.billing_period], ['Resets', time(it.period.end, day)], ['Next threshold', forecast(it)],
      it.qos ? ['QOS', h('code', {}, it.qos)] : null, it.contact ? ['Contact', h('bdi', {}, it.contact)] : null), usageLines(it),
    it.notes.length > 0 && h('ul', { class: 'alerts' }, it.notes.map((note) => h('li', {}, h('bdi', {}, note))))),
    courseCard(it, usage, chart, (period) => go(path, { ...query, period })),
    card('explain', 'How the figures come about', h('ol', { class: 'explain' }, explain.map((line) => h('li', {}, h('bdi', {}, line.trim()))))),
    card('figures', 'Figures', figures(it), h('p', { class: 'quiet' }, 'Committed: what queued jobs use if each runs until its time limit. It decides nothing.',
      it.unlimited_jobs > 0 && ` ${it.unlimited_jobs} queued ${it.unlimited_jobs === 1 ? 'job has' : 'jobs have'} no time limit and ${it.unlimited_jobs === 1 ? 'is' : 'are'} not counted.`)),
    previous(it),
    card('users', 'Users', shares.length ? shares : h('p', { class: 'quiet' }, 'No usage by user is known.'), viewer.sees_all && wholePeriod(name)),
    below.body.accounts.length > 0 && children(it, below.body.accounts, below.count),
    card('waiting', 'Waiting jobs', waitingJobs(jobs)),
    entries(name, it, set.overrides, added.adjustments, rights, render),
    card('evaluations', 'Evaluations', log.evaluations.length ? evaluationTable(log.evaluations, known.commands, known.whole) : h('p', { class: 'quiet' }, 'None.'),
      h('p', {}, h('a', { href: address('log/evaluations', { account: name }) }, 'All evaluations'))),
    card('commands', 'Commands', known.commands.length ? commandTable(known.commands.slice(0, kShown)) : h('p', { class: 'quiet' }, 'None.'),
      h('p', {}, h('a', { href: address('log/commands', { account: name }) }, 'All commands')))].flat().filter(Boolean) };
}
