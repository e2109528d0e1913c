// SPDX-License-Identifier: GPL-2.0-or-later
// How the cluster stands, what needs a person, and its accounts.
import { get, getPage } from './api.js';
import { amount, clock, day, h, instant, say, span, time } from './dom.js';
import { accountLink, address, badge, card, cause, copyButton, countedAs, facts, forecast, kStandings, pager, policyLinks, row,
  standingBadge, table, usageLines } from './parts.js';

const kPage = 50;
const kFields = 'account,parent,policy,mode,components,usage_percentage,grace_limit_percentage,standing,notify_reached,cause,override,until,would_be,thresholds,period,error';
const kTiles = ['paused', 'downscaled', 'warned', 'normal', 'observed', 'overridden', 'failed'];
const kWords = { failed: 'not evaluated' };
const columns = [['Account', 'who', 'account'], ['Usage', 'wide', 'usage'], ['Standing', '', 'standing'],
  ['Forecast', '', 'forecast'], ['Resets', '', 'resets']];

function partBadge(name, { daemon }) {
  return daemon.down.includes(name) ? badge('stop', 'no answer') : badge('good', 'ok');
}

function outbox(targets) {
  const waiting = targets.reduce((sum, each) => sum + each.waiting, 0);
  const parked = targets.reduce((sum, each) => sum + each.parked, 0);
  if (parked) return badge('stop', `${parked} refused`);
  return waiting ? badge('near', `${waiting} waiting`) : badge('good', 'empty');
}

function statusCard(overview) {
  const { cycle, daemon, evaluation_under_way: running } = overview;
  const now = Date.now() / 1000;
  const next = cycle ? cycle.at_epoch + daemon.interval_s : 0;
  const answer = daemon.waldur_answer;
  return card('status', 'Status', facts(
    ['Last evaluation', cycle ? [time(cycle.at, clock), ` (${span(Math.max(0, now - cycle.at_epoch))} ago) `,
      cycle.error ? badge('stop', 'failed') : badge('good', 'ok')] : 'none yet'],
    cycle && ['Took', `${cycle.duration_ms} ms, started by ${cycle.trigger}`],
    ['Next evaluation', running ? [badge('near', 'running'), ` since ${clock(running.since)} (${running.phase})`]
      : cycle ? (next > now ? `in ${span(next - now)}` : 'due now') : 'soon'],
    ['slurmdbd', partBadge('slurmdbd', overview)], ['slurmctld', partBadge('slurmctld', overview)],
    ['Plugin', overview.plugins ? badge('good', `${overview.plugins} connected`) : badge('quietly', 'none connected')],
    answer && ['Waldur', daemon.down.includes('waldur') ? badge('stop', 'no answer') : time(answer)],
    overview.outbox?.length ? ['Outbox', outbox(overview.outbox)] : null));
}

function tiles(overview, query) {
  if (!overview.counts) return null;
  const link = (word, label, number, kind) => h('li', {}, h('a', {
    class: `tile ${kind}`, href: address('', { ...query, standing: word, page: '' }), 'data-key': `tile-${word}`,
    'aria-current': (query.standing ?? '') === word ? 'true' : undefined }, h('strong', {}, amount(number)), ' ', label));
  return h('nav', { 'aria-label': 'Accounts by standing' }, h('ul', { class: 'tiles' },
    link('', 'accounts', overview.counts.accounts, 'quietly'),
    kTiles.filter((word) => overview.counts[word] || kStandings[word]).map((word) =>
      link(word, kWords[word] ?? word, overview.counts[word], kStandings[word] ?? (word === 'failed' ? 'stop' : 'quietly')))));
}

function attention({ attention: found, warnings }) {
  const groups = found?.largest ?? [];
  if (!groups.length && !warnings.length) return null;
  const more = found && found.groups > groups.length
    ? h('p', { class: 'quiet' }, `${found.groups - groups.length} more: run `, h('code', {}, 'sluice doctor')) : null;
  return card('attention', 'Needs attention', h('ul', { class: 'alerts' },
    warnings.map(({ description }) => h('li', {}, h('bdi', {}, description))),
    groups.map((group) => h('li', {},
      h('p', {}, h('bdi', {}, group.what), group.count > 1 ? ` (${amount(group.count)} times)` : ''),
      group.remedy && h('p', { class: 'remedy' }, h('code', {}, group.remedy), copyButton(group.remedy)),
      group.accounts.length > 0 && h('p', { class: 'quiet' }, 'Accounts: ',
        group.accounts.map((name, i) => [i ? ', ' : '', accountLink(name)]),
        group.count > group.accounts.length ? ' …' : '')))), more);
}

function accountRow(account) {
  return row(columns, [
    [accountLink(account.account), h('small', { class: 'block' }, policyLinks(account.policy),
      account.parent ? [' · in ', h('bdi', {}, account.parent)] : '')],
    usageLines(account),
    [standingBadge(account), h('small', { class: 'block' }, cause(account))],
    forecast(account), time(account.period.end, day)], `account-${account.account}`);
}

// Spreadsheets take a leading =, +, - or @ for a formula.
const csvCell = (value) => {
  const text = String(value ?? '');
  const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};
async function csv(filter) {
  const { accounts } = await get('accounts', { ...filter, fields: kFields });
  const lines = [['account', 'policy', 'mode', 'standing', 'component', 'used', 'effective_allocation', 'usage_percentage', 'period', 'resets']];
  for (const account of accounts)
    for (const each of account.components)
      lines.push([account.account, account.policy, account.mode, countedAs(account), each.component, each.used,
        each.effective_allocation, each.usage_percentage, account.period.label, account.period.end]);
  const text = lines.map((line) => line.map(csvCell).join(',')).join('\r\n');
  const link = h('a', { href: URL.createObjectURL(new Blob([text], { type: 'text/csv' })), download: 'sluice-accounts.csv' });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  say(`${accounts.length} accounts saved as CSV.`);
}

export async function overview({ query, go }) {
  const page = Math.max(1, Number(query.page) || 1);
  const filter = { search: query.search, standing: query.standing, policy: query.policy, parent: query.parent,
    sort: query.sort || '-standing' };
  const [state, list] = await Promise.all([get('overview'),
    getPage('accounts', { ...filter, fields: kFields, page, page_size: kPage })]);
  const change = (given) => go('', { ...query, page: '', ...given });
  const last = Math.max(1, Math.ceil(list.count / kPage));
  const option = (value, label, chosen) => h('option', { value, selected: chosen === value }, label);
  let typing = 0;
  const filters = h('form', { class: 'filters', role: 'search', id: 'filters', onsubmit: (event) => event.preventDefault() },
    h('label', {}, 'Search', h('input', { type: 'search', id: 'search', value: query.search ?? '', maxlength: 120, placeholder: 'Account',
      oninput: (event) => {
        clearTimeout(typing);
        const search = event.target.value;
        typing = setTimeout(() => change({ search }), 300);
      } })),
    h('label', {}, 'Policy', h('select', { id: 'policy', onchange: (event) => change({ policy: event.target.value }) },
      option('', 'All', query.policy ?? ''), state.policies.map((name) => option(name, name, query.policy)))),
    h('label', {}, 'Parent', h('input', { type: 'search', id: 'parent', value: query.parent ?? '', maxlength: 120,
      onchange: (event) => change({ parent: event.target.value }) })),
    h('button', { type: 'button', id: 'csv', onclick: () => csv(filter).catch((error) => say(error.message)) }, 'Save as CSV'));
  const rows = list.body.accounts.map(accountRow);
  return { title: `Allocations on ${state.daemon.cluster}`, state, content: [
    h('h1', { tabindex: -1 }, 'Allocations on ', h('bdi', {}, state.daemon.cluster)),
    statusCard(state), attention(state), tiles(state, query),
    card('accounts', 'Accounts', filters,
      rows.length ? table(`Accounts, sorted by ${filter.sort.replace('-', '')}`, columns, rows, { sort: filter.sort, order: (sort) => change({ sort }) })
        : h('p', { class: 'quiet' }, query.search || query.standing || query.policy || query.parent
          ? ['No account matches. ', h('a', { href: address('') }, 'Show all accounts')] : 'No account is evaluated.'),
      pager(rows.length, (page - 1) * kPage + 1, list.count, (next) => go('', { ...query, page: next }), page, last))] };
}
