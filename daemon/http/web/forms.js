// SPDX-License-Identifier: GPL-2.0-or-later
// Dialogs of staff. Each does a dry run first, keeps what was typed after an error, and says what
// the entry does before it is made.
import { get, send } from './api.js';
import { amount, h, percent, say } from './dom.js';
import { accountLink, badge, row, table } from './parts.js';

const kMostRows = 200;
const columns = [['Account', ''], ['Usage', 'number'], ['Actions', ''], ['Before', ''], ['After', '']];

const number = (count, noun) => `${count} ${noun}${count === 1 ? '' : 's'}`;
const word = (state) => state.paused ? 'paused' : state.downscaled ? 'downscaled' : 'normal';

// What an evaluation did or would do: accounts that change first.
export function outcome(answer, dry, keep = () => true) {
  const accounts = answer.accounts.filter(keep);
  const changes = (account) => account.actions_taken.length || word(account.previous_state) !== word(account.new_state) ? 0 : 1;
  const sorted = accounts.map((account, i) => [changes(account), i, account]).sort((a, b) => a[0] - b[0] || a[1] - b[1]).map(([, , account]) => account);
  const head = columns.map(([text, kind]) => [text === 'Actions' ? (dry ? 'Would trigger' : 'Actions taken') : text, kind]);
  const changed = accounts.filter((account) => !changes(account)).length;
  return [h('p', {}, `${number(accounts.length + (answer.unchanged || 0), 'account')} evaluated, ${changed} ${dry ? 'would change' : 'changed'}, ${number(answer.commands.length, 'command')}${dry ? ' would be run' : ''}.`),
    sorted.length > 0 && table(dry ? 'Result of the dry run' : 'Result of the evaluation', head, sorted.slice(0, kMostRows).map((account) => row(head, [
      accountLink(account.account), [percent(account.usage_percentage), account.components.map((each) =>
        h('small', { class: 'block' }, `${amount(each.used)} / ${amount(each.effective_allocation)} ${each.component}`))],
      account.actions_taken.length ? account.actions_taken.map((action) => [badge('quietly', action), ' ']) : 'none',
      word(account.previous_state), word(account.new_state)]))),
    sorted.length > kMostRows && h('p', { class: 'quiet' }, `The first ${kMostRows} are shown.`),
    answer.commands.length > 0 && h('details', {}, h('summary', {}, 'Commands'), h('ul', { class: 'commands' },
      answer.commands.slice(0, kMostRows).map((command) => h('li', {}, h('code', {}, command.sacctmgr || command.description)))))];
}

function field(name, label, control, hint) {
  control.id = `field-${name}`;
  control.name = name;
  if (hint) control.setAttribute('aria-describedby', `hint-${name}`);
  return h('p', { class: 'field' }, h('label', { for: control.id }, label), control, hint && h('small', { id: `hint-${name}` }, hint));
}

// run(values, dry) -> {answer, keep}; check(values) -> [name of the field, what is wrong] or null
// blame(problem): the field of an error that names none
function open({ title, fields, run, apply, check, done, dryFirst = true, blame = () => '' }) {
  const result = h('div', { class: 'result', role: 'status' });
  const error = h('p', { class: 'fault', role: 'alert', id: 'form-fault' });
  let tried = '';
  const values = () => Object.fromEntries([...form.elements].filter((each) => each.name).map((each) => [each.name, each.type === 'checkbox' ? each.checked : each.value.trim()]));
  const act = h('button', { type: 'button', class: 'main', id: 'apply', disabled: dryFirst }, apply);
  const dry = h('button', { type: 'submit', id: 'dry-run' }, 'Dry run');
  const form = h('form', { novalidate: true }, fields, error,
    h('p', { class: 'buttons' }, dry, act, h('button', { type: 'button', id: 'close', onclick: () => dialog.close() }, 'Close')), result);
  const dialog = h('dialog', { 'aria-labelledby': 'dialog-title', onclose: () => dialog.remove() },
    h('h2', { id: 'dialog-title' }, title), form);
  const refuse = (name, text) => {
    error.textContent = text;
    for (const each of form.elements) each.removeAttribute('aria-invalid');
    const control = name && form.elements[name];
    if (control) {
      control.setAttribute('aria-invalid', 'true');
      control.focus();
    }
  };
  const start = async (isDry) => {
    const given = values();
    refuse('', '');
    const wrong = check?.(given);
    if (wrong) return refuse(...wrong);
    for (const each of [dry, act]) each.disabled = true;
    result.replaceChildren(h('p', {}, h('progress', { 'aria-label': 'Evaluation' }), ' The evaluation runs …'));
    try {
      const { answer, keep } = await run(given, isDry);
      result.replaceChildren(...h('div', {}, outcome(answer, isDry, keep)).childNodes);
      tried = isDry ? JSON.stringify(given) : '';
      if (!isDry) {
        say(`${title}: done.`);
        done();
      }
    } catch (problem) {
      result.replaceChildren();
      const named = Object.keys(given).find((name) => problem.message.startsWith(name)) ?? blame(problem);
      refuse(named, problem.ended ? `${problem.message} What you typed is kept: open the link in another tab, then try again here.` : problem.message);
    }
    dry.disabled = false;
    act.disabled = dryFirst && tried === '';
  };
  form.onsubmit = (event) => { event.preventDefault(); start(true); };
  form.oninput = () => { act.disabled = dryFirst && tried !== JSON.stringify(values()); };
  act.onclick = () => start(false);
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

const reason = () => field('reason', 'Reason', h('input', { maxlength: 500, autocomplete: 'off', required: true }),
  'Kept with the entry.');
const needed = (given, ...names) => {
  const name = names.find(([each]) => !given[each]);
  return name ? [name[0], `${name[1]} is missing.`] : null;
};

export async function evaluateDialog(done) {
  const { policies } = await get('policies');
  open({ title: 'Evaluate', apply: 'Evaluate now', done, dryFirst: false,
    fields: [field('scope', 'Show', h('select', {}, h('option', { value: '' }, 'All accounts'),
      policies.map(({ name }) => h('option', { value: name }, `Policy ${name}`)))),
    field('account', 'Account', h('input', { maxlength: 120, autocomplete: 'off' }), 'Only this account. Every evaluation evaluates all accounts; this selects what is shown.')],
    run: async (given, isDry) => ({
      answer: await send('POST', 'evaluate', { dry_run: isDry, all: given.scope !== '', ...(given.account && { accounts: [given.account] }) }),
      keep: (account) => !given.scope || account.policy.split(',').includes(given.scope) }) });
}

export function overrideDialog(name, done) {
  open({ title: `Override of ${name}`, apply: 'Set override', done,
    fields: [field('standing', 'Standing', h('select', {}, ['normal', 'downscaled', 'paused'].map((each) => h('option', {}, each)))),
      field('until', 'Until', h('input', { autocomplete: 'off', required: true, placeholder: 'now+3days' }), '2026-12-05, 2026-12-05T12:00 or now+3days'), reason(),
      field('show_reason', 'Show the reason to users', h('input', { type: 'checkbox' }), 'Else users read who set it and until when.')],
    check: (given) => needed(given, ['until', 'Until'], ['reason', 'Reason']),
    run: async (given, isDry) => ({ answer: await send('POST', 'overrides', { account: name, ...given, dry_run: isDry }) }) });
}

const units = (components, hint) => [field('component', 'Component', h('select', {}, components.map((each) => h('option', {}, each)))),
  field('amount', 'Amount', h('input', { inputmode: 'decimal', autocomplete: 'off', required: true }), hint)];
const badUnits = ({ amount: typed }) => /^-?\d+(\.\d+)?$/.test(typed) ? null : ['amount', `Amount must be a number such as 25 or 2.5, not '${typed}'.`];

export function adjustmentDialog(name, components, done) {
  open({ title: `Adjustment of ${name}`, apply: 'Add adjustment', done, blame: () => 'amount',
    fields: [units(components, 'Added to the allocation of this period; negative: taken away.'), reason()],
    check: (given) => needed(given, ['amount', 'Amount'], ['reason', 'Reason']) ?? badUnits(given),
    run: async (given, isDry) => ({ answer: await send('POST', 'adjustments',
      { account: name, units: { [given.component]: given.amount }, reason: given.reason, dry_run: isDry }) }) });
}

export function transferDialog(name, components, done) {
  open({ title: `Move allocation of ${name}`, apply: 'Move allocation', done,
    blame: ({ status, message }) => status === 403 || status === 404 || message.startsWith('both accounts') ? 'to' : 'amount',
    fields: [field('to', 'To account', h('input', { maxlength: 120, autocomplete: 'off', required: true })),
      units(components, 'Leaves this account and is added to the other, in the current period of both.'), reason()],
    check: (given) => needed(given, ['to', 'To account'], ['amount', 'Amount'], ['reason', 'Reason']) ?? badUnits(given),
    run: async (given, isDry) => ({ answer: await send('POST', 'transfers',
      { from: name, to: given.to, units: { [given.component]: given.amount }, reason: given.reason, dry_run: isDry }) }) });
}

// Ends an override, takes an adjustment or a transfer back, or removes a policy of this version.
export function endDialog(title, path, done, version) {
  open({ title, apply: title, done, fields: [reason()],
    check: (given) => needed(given, ['reason', 'Reason']),
    run: async (given, isDry) => ({ answer: await send('DELETE', path, { version, reason: given.reason, dry_run: isDry }) }) });
}

// A new policy beside sluiced.yaml, or another version of `it`.
export async function policyDialog(it, done) {
  const { presets } = it ? { presets: [] } : await get('presets');
  const text = h('textarea', { rows: 12, spellcheck: 'false' });
  text.value = it?.yaml ?? '';
  open({ title: it ? `Change policy ${it.name}` : 'New policy', apply: it ? 'Change policy' : 'Set policy', done, blame: () => 'yaml',
    fields: [!it && field('name', 'Name', h('input', { maxlength: 64, autocomplete: 'off', required: true })),
      !it && field('preset', 'Preset', h('select', {}, h('option', { value: '' }, 'none'), presets.map(({ name }) => h('option', {}, name))), 'The keys to begin with; those below replace them.'),
      field('yaml', 'Policy', text, 'Keys of a policy in sluiced.yaml(5), such as period: quarter. Without mode: enforce it observes.'),
      field('confirm', 'Accept a mass change', h('input', { type: 'checkbox' }), 'Else accounts wait when more would change than guard in sluiced.yaml allows.'), reason()].filter(Boolean),
    check: (given) => needed(given, ...(it ? [] : [['name', 'Name']]), ['reason', 'Reason']) ?? (given.yaml || given.preset ? null : ['yaml', 'Policy is missing: write its keys, or choose a preset.']),
    run: async ({ name, preset, yaml, reason: why, confirm }, isDry) => {
      const body = { ...(yaml && { yaml }), ...(preset && { preset }), reason: why, confirm, dry_run: isDry };
      return { answer: await (it ? send('PUT', `policies/${encodeURIComponent(it.name)}`, { version: it.version, ...body }) : send('POST', 'policies', { name, ...body })) };
    } });
}
