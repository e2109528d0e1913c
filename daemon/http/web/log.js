// SPDX-License-Identifier: GPL-2.0-or-later
// The execution log: evaluations and commands of the journal, newest first.
import { get } from './api.js';
import { h, span, time } from './dom.js';
import { accountLink, address, badge, kStandings, percentBadge, policyLinks, row, table } from './parts.js';

const kPage = 50;
const kCommands = 1000;
const evaluationColumns = [['Time', ''], ['Account', 'who'], ['Usage', 'number'], ['Actions', ''], ['State change', 'nowrap'], ['Confirmation', ''], ['Started by', '']];
const commandColumns = [['Time', ''], ['Type', ''], ['Account', 'who'], ['Command', 'wide'], ['Mode', ''], ['Status', ''], ['Error', '']];
const kActions = { pause: 'stop', downscale: 'over', notify: 'info', restore: 'good' };

export const standingWord = (word) => badge(kStandings[word] ?? 'quietly', word);

function commandStatus(command) {
  if (command.success === null) return badge('near', 'open');
  if (!command.success) return badge('stop', 'failed');
  if (!command.confirmed) return badge('near', 'not confirmed');
  return [badge('good', 'confirmed'), h('small', { class: 'block' }, `after ${span(Math.round((command.confirm_delay_ms ?? 0) / 1000))}`)];
}

function confirmation(evaluation, commands, whole) {
  const own = commands.filter((command) => command.evaluation_id === evaluation.id);
  const link = (kind, text) => h('a', { href: address('log/commands', { evaluation: evaluation.id }) }, badge(kind, text));
  if (own.some((command) => command.success === false)) return link('stop', 'failed');
  if (own.some((command) => !command.confirmed)) return link('near', 'pending');
  if (own.length) return link('good', 'confirmed');
  // Older than the commands that were read.
  const known = whole || evaluation.evaluated_at_epoch > (commands.at(-1)?.requested_epoch ?? 0);
  return known ? h('span', { class: 'quiet' }, 'not needed') : '–';
}

const isObserved = (each) => each.mode === 'observe';

function stateChange(each) {
  const would = isObserved(each) ? 'would be ' : '';
  if (each.previous_standing === each.standing) return h('span', { class: 'quiet' }, would && each.standing !== 'normal' ? `${would}${each.standing}` : `${each.standing}, unchanged`);
  return [would ? badge('quietly', each.previous_standing) : standingWord(each.previous_standing), ' → ', would ? badge('quietly', would + each.standing) : standingWord(each.standing)];
}

export function evaluationTable(evaluations, commands, whole) {
  return table('Evaluations, newest first', evaluationColumns, evaluations.map((each) => row(evaluationColumns, [
    time(each.evaluated_at), [accountLink(each.account), h('small', { class: 'block' }, policyLinks(each.policy), ` · ${each.billing_period}`)],
    percentBadge(each.usage_percentage, each.grace_limit_percentage ?? 100),
    each.actions_taken.length ? each.actions_taken.map((action) => [isObserved(each) ? badge('quietly', `would ${action}`) : badge(kActions[action] ?? 'quietly', action), ' ']) : h('span', { class: 'quiet' }, 'none'),
    stateChange(each),
    confirmation(each, commands, whole), each.trigger], `evaluation-${each.id}`)));
}

export function commandTable(commands) {
  return table('Commands, newest first', commandColumns, commands.map((each) => row(commandColumns, [
    time(each.requested), each.type.replaceAll('_', ' '), [accountLink(each.account), each.user ? [' · ', h('bdi', {}, each.user)] : ''],
    [h('code', {}, each.sacctmgr || each.description), h('small', { class: 'block' }, h('bdi', {}, each.reason),
      each.evaluation_id && [' · ', h('a', { href: address('log/evaluations', { evaluation: each.evaluation_id }) }, `evaluation ${each.evaluation_id}`)])],
    each.execution_mode, commandStatus(each), each.error ? h('bdi', {}, each.error) : ''], `command-${each.id}`)));
}

export async function commandsFor(query) {
  const { commands } = await get('commands', { ...query, limit: kCommands });
  return { commands, whole: commands.length < kCommands };
}

export async function log({ name: tab, query, path, go }) {
  const evaluations = tab === 'evaluations';
  const asked = { account: query.account, only: query.only, before: query.before, evaluation: query.evaluation, limit: kPage };
  const [answer, known] = await Promise.all([get(tab, asked), evaluations ? commandsFor({ account: query.account, evaluation: query.evaluation }) : null]);
  const records = answer[tab];
  const change = (given) => go(path, { ...query, before: '', ...given });
  const choices = evaluations ? [['', 'All'], ['changed', 'Changes of standing']] : [['', 'All'], ['failed', 'Failed'], ['open', 'Open']];
  const link = (to, text) => h('a', { href: address(`log/${to}`, { account: query.account, cluster: query.cluster }), 'aria-current': tab === to ? 'page' : undefined }, text);
  return { title: evaluations ? 'Evaluation history' : 'Command history', content: [
    h('h1', { tabindex: -1 }, 'Execution log'),
    h('nav', { class: 'tabs', 'aria-label': 'Logs' }, link('evaluations', 'Evaluation history'), link('commands', 'Command history')),
    h('section', { class: 'card' },
      h('form', { class: 'filters', onsubmit: (event) => event.preventDefault() },
        h('label', {}, 'Account', h('input', { type: 'search', id: 'log-account', value: query.account ?? '', maxlength: 120, onchange: (event) => change({ account: event.target.value.trim() }) })),
        h('label', {}, 'Show', h('select', { id: 'log-only', onchange: (event) => change({ only: event.target.value }) },
          choices.map(([value, text]) => h('option', { value, selected: value === (query.only ?? '') }, text)))),
        query.evaluation && h('button', { type: 'button', id: 'log-all', onclick: () => change({ evaluation: '' }) }, `Only evaluation ${query.evaluation}: show all`)),
      !records.length ? h('p', { class: 'quiet' }, 'No record matches.')
        : evaluations ? evaluationTable(records, known.commands, known.whole) : commandTable(records),
      h('nav', { class: 'pager', 'aria-label': 'Pages' },
        h('button', { type: 'button', 'data-key': 'newest', disabled: !query.before, onclick: () => change({}) }, 'Newest'),
        h('button', { type: 'button', 'data-key': 'older', disabled: records.length < kPage, onclick: () => change({ before: String(records.at(-1).id) }) }, 'Older')))] };
}
