// SPDX-License-Identifier: GPL-2.0-or-later
// Login, addresses of the views (#/path?query), and the refresh.
import { ApiError, get, send, setCluster, setToken, token } from './api.js';
import { account } from './account.js';
import { kNarrow } from './chart.js';
import { clock, h, instant, offset, patch, say, setZone, zoneName } from './dom.js';
import { evaluateDialog } from './forms.js';
import { log } from './log.js';
import { overview } from './overview.js';
import { mine, policies, policy } from './policies.js';
import { replay } from './replay.js';

const kRefresh = 30000;
const kStopped = 'sluice.stopped';
const views = [
  { name: 'Overview', pattern: /^$/, view: overview, link: '' },
  { pattern: /^account\/(.+)$/, view: account },
  { name: 'Log', pattern: /^log\/(evaluations|commands)$/, view: log, link: 'log/evaluations' },
  { name: 'Policies', pattern: /^policies$/, view: policies, link: 'policies' },
  { pattern: /^policy\/(.+)$/, view: policy },
  { pattern: /^replay$/, view: replay },
  { name: 'Mine', pattern: /^mine$/, view: mine, link: 'mine' },
];
const main = document.getElementById('main');
let info = null;      // of /api/v1/info, with the viewer
let shown = null;     // path of the shown view
let serial = 0;       // of the newest rendering: older answers are late
let moved = false;    // to another view, by a person
let refreshed = '';   // when the figures were read
let code = '';        // of a link of `sluice web`, until it is exchanged for a session
let linkFault = '';

const stopped = () => localStorage.getItem(kStopped) === '1';

function route() {
  const [path, text = ''] = location.hash.replace(/^#\/?/, '').split('?');
  const query = Object.fromEntries(new URLSearchParams(text));
  for (const each of views) {
    const match = path.match(each.pattern);
    if (match) {
      try {
        return { ...each, path, query, name: decodeURIComponent(match[1] ?? ''), head: each.name };
      } catch { break; /* not a percent encoding */ }
    }
  }
  return null;
}

function go(path, query = {}) {
  const given = new URLSearchParams();
  const all = { cluster: route()?.query.cluster, ...query };
  for (const [key, value] of Object.entries(all)) if (value && !(key === 'page' && value === 1)) given.set(key, value);
  const text = given.toString();
  location.hash = `#/${path}${text ? `?${text}` : ''}`;
}

function clusterChoice(now, query) {
  const names = info?.clusters ?? [];
  if (names.length < 2) return null;
  return h('label', {}, h('span', { class: 'unseen' }, 'Cluster'),
    h('select', { id: 'cluster', onchange: (event) => go(now.path, { ...query, cluster: event.target.value }) },
      names.map((name) => h('option', { value: name, selected: name === (query.cluster || names[0]) }, name))));
}

// Who the page is open for, and until when.
function who({ login: kind, name, staff, uid, until, user }) {
  return [h('bdi', {}, user || name || `uid ${uid}`), staff ? ', staff' : '', kind === 'proxy' ? ', by the proxy' : '',
    until ? `, until ${instant(until)}` : ''];
}

async function leave() {
  try {
    if (info.meta.viewer.login === 'session') await send('DELETE', 'session');
  } catch (error) {
    if (error.status !== 401) return fault(error.message);
  }
  setToken('');
  info = null;
  login('');
}

function chrome() {
  const now = route();
  const query = now?.query ?? {};
  const same = query.cluster ? `?cluster=${encodeURIComponent(query.cluster)}` : '';
  patch(document.getElementById('nav'), h('nav', {}, info ? views.filter((each) => each.name).map((each) =>
    h('a', { href: `#/${each.link}${same}`, 'aria-current': now && now.view === each.view ? 'page' : undefined }, each.name)) : []));
  patch(document.getElementById('tools'), h('div', {}, info ? [
    clusterChoice(now, query),
    h('span', { class: 'quiet', id: 'updated' }, refreshed ? `Updated ${clock(refreshed)}` : ''),
    h('button', { type: 'button', id: 'refresh', 'aria-pressed': String(stopped()), onclick: () => {
      localStorage.setItem(kStopped, stopped() ? '' : '1');
      say(stopped() ? 'The page does not refresh itself any more.' : 'The page refreshes itself every 30 seconds.');
      chrome();
      if (!stopped()) render();
    } }, stopped() ? 'Refresh is stopped' : 'Stop refresh'),
    info.meta.viewer.staff && h('button', { type: 'button', id: 'evaluate', class: 'main', onclick: () => evaluateDialog(render) }, 'Evaluate'),
    h('span', { class: 'quiet', id: 'who' }, who(info.meta.viewer)),
    ['session', 'token'].includes(info.meta.viewer.login) && h('button', { type: 'button', id: 'leave', onclick: leave },
      info.meta.viewer.login === 'session' ? 'End session' : 'Log out'),
  ] : []));
  patch(document.getElementById('foot'), h('footer', {}, info ? [
    `sluiced ${info.meta.version} · times in ${zoneName()} (${offset(Date.now())}) · `,
    h('a', { href: 'api/v1/openapi.json' }, 'API')] : []));
}

function fault(text) {
  const place = document.getElementById('fault');
  if (place.textContent !== text) place.textContent = text;
}

function login(detail) {
  serial += 1;
  const open = document.getElementById('login-fault');
  if (open) {  // a token may be half typed
    if (detail) open.textContent = detail;
    return;
  }
  shown = null;
  document.title = 'Log in · Sluice';
  fault('');
  chrome();
  main.replaceChildren(h('form', { class: 'card login', id: 'login', onsubmit: async (event) => {
    event.preventDefault();
    setToken(event.target.elements.token.value.trim());
    try {
      await enter();
    } catch (error) {
      setToken('');
      document.getElementById('login-fault').textContent = error.message;
      event.target.elements.token.focus();
    }
  } },
  h('h1', {}, 'Log in'),
  h('p', {}, 'Run ', h('code', {}, 'sluice web'), ' on the host of sluiced and open the link that it prints: the page then has your rights. Or give a token.'),
  h('label', { for: 'token' }, 'Token'),
  h('input', { id: 'token', name: 'token', type: 'password', required: true, autocomplete: 'current-password', maxlength: 200, 'aria-describedby': 'login-hint login-fault' }),
  h('p', { id: 'login-fault', class: 'fault', role: 'alert' }, detail),
  h('button', { class: 'main' }, 'Log in'),
  h('p', { id: 'login-hint', class: 'quiet' }, 'An administrator makes a token on the host of sluiced: ',
    h('code', {}, 'sluice token add NAME --role reader'), '. The browser keeps it until this tab is closed.')));
  document.getElementById('token').focus();
}

async function enter() {
  info = await get('info');
  setZone(info.meta.timezone);
  shown = null;
  await render();
}

async function render() {
  const now = route();
  const mark = ++serial;
  const fresh = !now || now.path !== shown;
  setCluster(now?.query.cluster || (info?.clusters ?? [])[0] || '');
  if (fresh) main.setAttribute('aria-busy', 'true');
  let made;
  try {
    if (!now) throw new ApiError(404, 'This address has no view.');
    made = await now.view({ query: now.query, name: now.name, path: now.path, go, viewer: info.meta.viewer, render });
  } catch (error) {
    if (mark !== serial) return;
    if (error.status === 401) return login(token() || error.ended ? error.message : '');
    if (!(error instanceof ApiError)) console.error(error);
    main.removeAttribute('aria-busy');
    if (!fresh || error.status === 0) fault(error.message);
    if (fresh) {
      fault('');
      made = { title: 'Not available', content: [h('h1', { tabindex: -1 }, 'Not available'), h('p', { role: 'alert' }, error.message),
        h('p', {}, h('a', { href: '#/' }, 'Overview'))] };
      shown = null;
    } else {
      return;
    }
  }
  if (mark !== serial) return;
  if (!made.content[1]?.getAttribute?.('role')) {
    fault('');
    refreshed = new Date().toISOString();
    shown = now?.path ?? '';
  }
  document.title = `${made.title} · Sluice`;
  const content = h('main', {}, made.content);
  main.removeAttribute('aria-busy');
  if (fresh) {
    main.replaceChildren(...content.childNodes);
    const first = main.querySelector('h1');
    if (moved && first) first.focus({ preventScroll: true });
    if (moved) scrollTo(0, 0);
    moved = false;
  } else {
    const focused = document.activeElement;
    moved = false;
    patch(main, content);
    if (focused !== document.activeElement && focused?.isConnected) focused.focus({ preventScroll: true });
  }
  chrome();
}

document.getElementById('skip').onclick = () => (main.querySelector('h1') ?? main).focus();
addEventListener('hashchange', () => {
  if (linked()) return start();
  moved = route()?.path !== shown;
  render();
});
setInterval(() => { if (info && !asks() && !stopped() && !document.hidden && !document.querySelector('dialog[open]')) render(); }, kRefresh);
document.addEventListener('visibilitychange', () => {
  if (asks()) return document.hidden || start();  // a link may have been opened in another tab
  if (info && !stopped() && !document.hidden) render();
});
matchMedia(`(width < ${kNarrow}px)`).addEventListener('change', () => { if (info) render(); });

const asks = () => Boolean(document.getElementById('login'));

// True: the address is a link of `sluice web`. Its code leaves the address at once.
function linked() {
  const found = location.hash.match(/^#\/code\/(.*)$/);
  if (!found) return false;
  code = found[1];
  history.replaceState(null, '', '#/');
  return true;
}

async function openSession() {
  try {
    await send('POST', 'session', { code });
    setToken('');
  } catch (error) {
    if (error.status === 0) throw error;  // tried again
    if (error.status !== 409) linkFault = error.message;
  }
  code = '';
}

async function start() {
  try {
    if (code) await openSession();
    await enter();
    if (linkFault) fault(linkFault);
    linkFault = '';
  } catch (error) {
    if (error.status === 401) {
      login(linkFault || (token() || error.ended ? error.message : ''));
      linkFault = '';
      return;
    }
    fault(error.message);
    main.replaceChildren(h('p', { class: 'quiet' }, 'Waiting for sluiced …'));
    setTimeout(start, 3000);
  }
}
linked();
start();
