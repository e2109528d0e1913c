// SPDX-License-Identifier: GPL-2.0-or-later
// Policies in force with how each works, and a user's own accounts.
import { get } from './api.js';
import { amount, day, h, time } from './dom.js';
import { endDialog, policyDialog } from './forms.js';
import { accountLink, address, badge, card, cause, facts, forecast, row, standingBadge, table, usageLines, waitingJobs } from './parts.js';

const kNames = 10;      // of the covered accounts
const kJobs = 20;       // of the waiting ones
const kExample = 1000;  // units of the worked example
const columns = [['Policy', ''], ['Mode', ''], ['Period', ''], ['Accounts', 'number'], ['Thresholds', ''], ['Carryover', '']];

const modeBadge = ({ mode }) => mode === 'enforce' ? badge('good', 'enforce') : badge('quietly', 'observe');
const periodWords = (policy) => policy.period !== 'custom' ? policy.period :
  policy.period_months ? `${policy.period_months} months` : `${policy.period_days} days`;
const has = (policy, action) => policy.actions.includes(`request_slurm_resource_${action}`);
const grace = (policy) => 100 + policy.grace_ratio * 100;

function thresholds(policy) {
  if (policy.qos_strategy === 'progressive') return policy.steps.map((step) => [step.at, step.pause ? 'pause' : `QOS ${step.qos}`]);
  return [[policy.notify_at, 'warn'], has(policy, 'downscaling') ? [100, 'downscale'] : null, has(policy, 'pausing') ? [grace(policy), 'pause'] : null].filter(Boolean);
}
const thresholdWords = (policy) => thresholds(policy).map(([at, word]) => `${amount(at)} % ${word}`).join(', ');

function carryWords({ carryover }) {
  if (!carryover.enabled) return 'none';
  return carryover.model === 'cap' ? `unused, up to ${amount(carryover.factor)} %` : `decays, half-life ${amount(carryover.half_life_days)} days`;
}

// The steps of docs/policy.md with the numbers of this policy.
function howItWorks(policy) {
  const carry = policy.carryover.enabled && policy.carryover.model === 'cap' ? Math.min(400, (kExample * policy.carryover.factor) / 100) : 0;
  const effective = kExample + carry;
  const steps = [`Each ${policy.period === 'total' ? 'account has one allocation that does not renew' : `${periodWords(policy)} begins with the allocation`}. Example: ${amount(kExample)}.`,
    policy.carryover.enabled
      ? policy.carryover.model === 'cap'
        ? `What the period before left unused is added, up to ${amount(policy.carryover.factor)} % of its allocation. Example: 600 of ${amount(kExample)} were used, so ${amount(carry)} are added, and the effective allocation is ${amount(effective)}.`
        : `Usage of the period before counts less with time (half-life ${amount(policy.carryover.half_life_days)} days); what it leaves unused is added.`
      : 'Nothing is carried over from the period before.',
    policy.billing ? 'Components are weighted and added up; thresholds apply to the sum.' : 'Thresholds apply to the component with the highest percentage.',
    ...thresholds(policy).map(([at, word]) => `At ${amount(at)} %${policy.carryover.model === 'cap' || !policy.carryover.enabled ? ` (example: ${amount((effective * at) / 100)})` : ''}: ${
      word === 'warn' ? 'members are warned' : word === 'downscale' ? `new and queued jobs run in QOS ${policy.qos_downscaled}`
        : word === 'pause' ? `new jobs are refused with the reason, ${policy.pause_by ? 'Slurm accepts none (GrpSubmitJobs=0)' : `and queued jobs wait (QOS ${policy.qos_paused})`}` : `jobs run in ${word}`}.`),
    policy.limits ? `Slurm also gets the limit ${policy.limit_type} for what is left.` : 'No limits are written to Slurm.',
    policy.period === 'total' ? 'Only an adjustment or an override opens a paused account.' : 'When the next period begins, the account is open again.'];
  return h('ol', { class: 'explain' }, steps.map((step) => h('li', {}, step)));
}

const button = (text, id, onclick) => h('button', { type: 'button', id, onclick }, text);
const sources = { file: 'sluiced.yaml', waldur: 'Waldur' };
const sourceWords = ({ source, version, changed }) => sources[source]
  ?? ['journal, version ', String(version), changed ? [`, set by ${changed.by} on `, time(changed.at, day), ': ', h('bdi', {}, changed.reason)] : ''];

const figures = [['account', 'Account'], ['allocation', 'Allocation'], ['current_usage', 'Usage so far'], ['daily_usage_rate', 'Usage a day'], ['previous_usage', 'Usage of the period before']];

function impact(it) {
  const head = [['Threshold', ''], ['At', 'number'], ['Amount', 'number'], ['When', '']];
  return [h('p', {}, `Effective allocation ${amount(it.effective_allocation)}, of it ${amount(it.carryover)} carried over; used ${amount(it.figures.current_usage)} (${
    it.usage_percentage === null ? 'no allocation' : `${amount(it.usage_percentage)} %`}), ${amount(it.figures.daily_usage_rate)} a day.`),
  table('Thresholds of the preview', head, it.thresholds.map((each) => row(head, [each.threshold, `${amount(each.percent)} %`, amount(each.amount),
    each.outlook === 'expected' ? `in ${each.days} days${each.date ? `, on ${each.date}` : ''}` : each.outlook], each.threshold)))];
}

// Thresholds with amount and date, from an account or typed figures, which the address has.
async function previewImpact(policy, query, go) {
  const given = Object.fromEntries(figures.filter(([name]) => query[name]).map(([name]) => [name, query[name]]));
  let shown = null;
  if (Object.keys(given).length) {
    try {
      shown = impact((await get('preview', { policy, ...given })).preview);
    } catch (problem) {
      if (problem.status === 401) throw problem;
      shown = h('p', { class: 'fault', role: 'alert' }, problem.message);
    }
  }
  const show = (event) => {
    event.preventDefault();
    go(`policy/${encodeURIComponent(policy)}`, Object.fromEntries([...event.target.elements].filter((each) => each.name && each.value.trim()).map((each) => [each.name, each.value.trim()])));
  };
  return card('impact-card', 'Preview impact', h('p', { class: 'quiet' }, 'What this policy means for an account, for typed figures, or for an account with some figures replaced. In hours of one component.'),
    h('form', { class: 'filters', novalidate: true, onsubmit: show }, figures.map(([name, label]) => h('label', {}, label,
      h('input', { name, id: `impact-${name}`, value: query[name] ?? '', maxlength: 120, autocomplete: 'off', inputmode: name === 'account' ? 'text' : 'decimal' }))),
    h('button', { id: 'show-impact' }, 'Show')), h('div', { role: 'status', id: 'impact' }, shown));
}

export async function policies({ viewer, render }) {
  const { policies: list } = await get('policies');
  const sets = viewer.staff && list.every((each) => each.source !== 'waldur');
  return { title: 'Policies', content: [h('h1', { tabindex: -1 }, 'Policies'),
    h('section', { class: 'card' }, list.length ? table('Policies in force', columns, list.map((policy) => row(columns, [
      h('a', { href: address(`policy/${encodeURIComponent(policy.name)}`), class: 'name' }, h('bdi', {}, policy.name)), modeBadge(policy), periodWords(policy),
      h('a', { href: address('', { policy: policy.name }) }, amount(policy.accounts)), thresholdWords(policy), carryWords(policy)], policy.name)))
      : h('p', { class: 'quiet' }, 'No policy is in force.'),
    h('p', { class: 'buttons' }, sets && button('New policy', 'new-policy', () => policyDialog(null, render)),
      viewer.staff && h('a', { href: address('replay'), id: 'to-replay' }, 'Replay past usage')))] };
}

export async function policy({ name, query, viewer, render, go }) {
  const path = `policies/${encodeURIComponent(name)}`;
  const { policy: it } = await get(path);
  const change = viewer.staff && it.source === 'api' && h('p', { class: 'buttons' },
    button('Change policy', 'change-policy', () => policyDialog(it, render)),
    button('Remove policy', 'remove-policy', () => endDialog('Remove policy', path, () => go('policies'), it.version)));
  const all = [...it.match.accounts, ...it.match.subtrees.map((each) => `${each} and below`)];
  const covered = all.length > kNames ? [...all.slice(0, kNames), `${all.length - kNames} more`] : all;
  return { title: `Policy ${name}`, content: [
    h('p', { class: 'crumbs' }, h('a', { href: address('policies') }, 'Policies'), ' / ', h('bdi', {}, name)),
    h('h1', { tabindex: -1 }, 'Policy ', h('bdi', {}, name), ' ', modeBadge(it)),
    card('settings', 'Settings', facts(['Source', sourceWords(it)], ['Mode', it.mode === 'observe' ? 'observe: nothing is changed in Slurm' : 'enforce'],
      ['Accounts', h('a', { href: address('', { policy: name }) }, `${amount(it.accounts)} evaluated`)], ['Covers', covered.length ? covered.join(', ') : 'all accounts with an allocation'],
      it.clusters.length ? ['Clusters', it.clusters.join(', ')] : null, ['Period', periodWords(it)], ['Thresholds', thresholdWords(it)],
      ['Grace', `${amount(it.grace_ratio * 100)} %`], ['Hysteresis', `${amount(it.hysteresis)} points`],
      it.min_dwell_s ? ['Shortest standing', `${amount(it.min_dwell_s)} s`] : null, it.grace_days ? ['Grace in days', `${amount(it.grace_days)} at 100 % or above`] : null, ['Carryover', carryWords(it)],
      ['Borrowing', it.borrow ? `up to ${amount(it.borrow)} % of the next period` : 'none'],
      ['Billing', it.billing ? (it.weights_slurm ? 'weights of Slurm' : Object.entries(it.weights).map(([key, value]) => `${key} ${amount(value)}`).join(', ')) : 'off'],
      ['Actions', it.actions.join(', ').replaceAll('_', ' ') || 'none'], ['Limits', it.limits ? it.limit_type : 'none'],
      ['Coordinators', it.coordinators === 'move' ? 'move allocation between the accounts below theirs' : 'see the accounts below theirs'],
      it.allocation ? ['Default allocation', Object.entries(it.allocation).map(([key, value]) => `${amount(value)} ${key}`).join(', ')] : null), change),
    card('how', 'How it works', howItWorks(it)), await previewImpact(name, query, go)] };
}

async function ownAccount(name) {
  const [{ account: it, top_users: top }, jobs] = await Promise.all([get(`accounts/${encodeURIComponent(name)}`), get('jobs', { account: name, page_size: kJobs })]);
  const shares = top.flatMap((each) => each.users.map((user) => `${user.user}: ${user.used === null ? `${amount(user.finished + user.running)} ${each.component} since the last rollup` : `${amount(user.used)} ${each.component}`}`));
  return h('section', { class: 'card', 'data-key': `mine-${name}` }, h('h2', {}, accountLink(name), ' ', standingBadge(it)), h('p', {}, cause(it)), usageLines(it), facts(
    ['Left', it.components.map((each) => `${amount(each.left)} ${each.component}`).join(', ')], ['Resets', time(it.period.end, day)],
    ['Next threshold', forecast(it)], shares.length ? ['Used by', shares.join(', ')] : null,
    ['Waiting jobs', jobs.count ? `${jobs.count} because of Sluice` : 'none because of Sluice']), jobs.count > 0 && waitingJobs(jobs));
}

export async function mine({ query, viewer, go }) {
  const choose = viewer.sees_all ? h('form', { class: 'filters card', onsubmit: (event) => {
    event.preventDefault();
    go('mine', { user: event.target.elements.user.value.trim() });
  } }, h('label', {}, 'User', h('input', { id: 'user', name: 'user', type: 'search', value: query.user ?? '', maxlength: 64, autocomplete: 'off' })),
  h('button', {}, 'Show')) : null;
  const asked = viewer.sees_all && viewer.name && !query.user ? [] : (await get('balances', { user: query.user })).balances;
  const names = [...new Set(asked.map((each) => each.account))];
  const cards = await Promise.all(names.slice(0, 20).map(ownAccount));
  const none = viewer.sees_all && !query.user ? 'A token belongs to no user: enter the name of one.' : 'No account with an allocation.';
  return { title: 'Mine', content: [h('h1', { tabindex: -1 }, query.user ? ['Accounts of ', h('bdi', {}, query.user)] : 'My accounts'), choose,
    cards.length ? cards : h('p', { class: 'quiet' }, none),
    names.length > 20 && h('p', { class: 'quiet' }, `The first 20 of ${names.length} accounts are shown.`)].flat().filter(Boolean) };
}
