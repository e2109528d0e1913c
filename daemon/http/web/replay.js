// SPDX-License-Identifier: GPL-2.0-or-later
// Policies over the usage in slurmdbd. The daemon works on a replay while this view asks for it.
import { get, send } from './api.js';
import { amount, h, percent } from './dom.js';
import { accountLink, address, badge, kStandings, pager, policyLinks, row, table } from './parts.js';

const kPage = 100;
const kPause = 500; // between two requests
const columns = [['Account', ''], ['Policy', ''], ['Period', ''], ['Standing', ''], ['Begin', ''], ['End', ''], ['Days', 'number'], ['Usage', 'number']];

let timer = 0;

function progress({ phase, done, total }, render) {
  const here = location.hash;
  clearTimeout(timer);
  timer = setTimeout(() => { if (location.hash === here && document.getElementById('replaying')) render(); }, kPause);
  return h('p', { id: 'replaying' }, h('progress', { 'aria-label': 'Replay', value: done, max: total }),
    ` ${phase === 'usage' ? 'Usage of' : 'Policies over'} ${amount(done)} of ${amount(total)} ${phase === 'usage' ? 'accounts' : 'days'}`);
}

function standings({ replay: it, standings: list, count, policies, warnings }, query, go) {
  const page = Number(query.page) || 1;
  const choice = (name, label) => h('option', { value: name, selected: name === (query.policy ?? '') }, label);
  return [h('p', {}, `${it.first_day} to ${it.last_day}, evaluated at the end of each day: ${amount(it.normal)} of ${amount(it.accounts)} accounts stay normal.`),
    warnings.filter((each) => each.source === 'usage').map((each) => h('p', { class: 'fault' }, each.description)),
    policies.length > 1 && h('form', { class: 'filters', onsubmit: (event) => event.preventDefault() }, h('label', {}, 'Policy',
      h('select', { id: 'replay-policy', onchange: (event) => go('replay', { ...query, page: '', policy: event.target.value }) }, choice('', 'All'), policies.map((name) => choice(name, name))))),
    count > 0 && table('Standings of the replay', columns, list.map((each) => row(columns, [accountLink(each.account), policyLinks(each.policy), each.billing_period,
      badge(kStandings[each.standing] ?? 'quietly', each.standing), each.begin, each.end ?? '–', amount(each.days), percent(each.usage_percentage)], `${each.account} ${each.begin}`))),
    count > kPage && pager(list.length, (page - 1) * kPage + 1, count, (to) => go('replay', { ...query, page: to }), page, Math.ceil(count / kPage))];
}

export async function replay({ query, viewer, go, render }) {
  let shown = null;
  const fault = (problem) => h('p', { class: 'fault', role: 'alert' }, problem.message);
  if (query.id) {
    try {
      const answer = await get(`replays/${encodeURIComponent(query.id)}`, { policy: query.policy, page: query.page, page_size: kPage });
      shown = answer.replay.phase === 'done' ? standings(answer, query, go) : progress(answer.replay, render);
    } catch (problem) {
      if (problem.status === 401) throw problem;
      shown = fault(problem);
    }
  }
  const begin = async (event) => {
    event.preventDefault();
    const { from, until, config } = event.target.elements;
    try {
      const answer = await send('POST', 'replays', { from: from.value.trim(), until: until.value.trim(), ...(config.value.trim() && { config: config.value }) });
      go('replay', { id: String(answer.replay.id) });
    } catch (problem) {
      document.getElementById('replay').replaceChildren(fault(problem));
    }
  };
  const field = (name, label, hint) => h('label', {}, label, h('input', { name, id: `replay-${name}`, placeholder: hint, maxlength: 64, autocomplete: 'off' }));
  return { title: 'Replay', content: [h('p', { class: 'crumbs' }, h('a', { href: address('policies') }, 'Policies'), ' / Replay'), h('h1', { tabindex: -1 }, 'Replay'),
    h('section', { class: 'card' }, h('p', { class: 'quiet' }, 'What policies would have done with the usage in slurmdbd. Nothing is changed.'),
      viewer.staff && h('form', { class: 'filters', novalidate: true, onsubmit: begin }, field('from', 'From', 'now-90days'), field('until', 'Until', 'now'),
        h('label', {}, 'Another sluiced.yaml', h('textarea', { name: 'config', id: 'replay-config', rows: 2, spellcheck: 'false', placeholder: 'empty: the policies in force' })),
        h('button', { id: 'begin-replay' }, 'Replay')),
      h('div', { role: 'status', id: 'replay' }, shown))] };
}
