// SPDX-License-Identifier: GPL-2.0-or-later
// Requests to /api/v1. An answer that has not changed since is the same object (ETag).

const kToken = 'sluice.token';  // of this tab, until it is closed
const kMost = 60;               // answers that are remembered
const answers = new Map();      // URL -> {etag, answer}
let cluster = '';

export class ApiError extends Error {
  constructor(status, detail, ended = false) {
    super(detail);
    this.status = status;       // 0: no answer
    this.ended = ended;         // the session has
  }
}

export const token = () => sessionStorage.getItem(kToken) ?? '';
export function setToken(text) {
  answers.clear();
  if (text) sessionStorage.setItem(kToken, text);
  else sessionStorage.removeItem(kToken);
}
export const setCluster = (name) => { cluster = name; };

export function url(path, query = {}) {
  const given = new URLSearchParams();
  for (const [key, value] of Object.entries({ ...query, cluster }))
    if (value !== '' && value !== undefined && value !== null) given.set(key, value);
  const text = given.toString();
  return `api/v1/${path}${text ? `?${text}` : ''}`;
}

async function request(address, options) {
  // X-Sluice-Request: no page of another site can send it.
  const headers = { Accept: 'application/json', 'X-Sluice-Request': '1', ...options.headers };
  if (token()) headers.Authorization = `Token ${token()}`;
  let response;
  try {
    response = await fetch(address, { cache: 'no-store', ...options, headers });
  } catch {
    throw new ApiError(0, 'sluiced does not answer. The page tries again by itself.');
  }
  if (response.ok || response.status === 304) return response;
  let answer = {};
  try {
    answer = await response.json();
  } catch { /* not JSON: a proxy */ }
  throw new ApiError(response.status, answer.detail ?? `sluiced answered ${response.status}.`, answer.session === 'ended');
}

// {body, count}: count is the whole length of a paged list.
export async function getPage(path, query) {
  const address = url(path, query);
  const known = answers.get(address);
  const response = await request(address, { headers: known ? { 'If-None-Match': known.etag } : {} });
  if (response.status === 304) return known.answer;
  const answer = { body: await response.json(), count: Number(response.headers.get('X-Result-Count') ?? 0) };
  answers.delete(address);
  answers.set(address, { etag: response.headers.get('ETag') ?? '', answer });
  if (answers.size > kMost) answers.delete(answers.keys().next().value);
  return answer;
}

export const get = async (path, query) => (await getPage(path, query)).body;

export async function send(method, path, body, query) {
  const response = await request(url(path, query), {
    method, headers: { 'Content-Type': 'application/json' }, body: body ? JSON.stringify(body) : undefined });
  answers.clear();
  return response.json();
}
