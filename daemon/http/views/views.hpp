// SPDX-License-Identifier: GPL-2.0-or-later
// One function for each of the daemon's routes. They check what was sent and show what the ports
// return; they decide nothing but who may see it. docs/http-api.md describes every answer.
#pragma once

#include "daemon/http/server/router.hpp"

namespace sluice::http {

// status.cpp: the daemon, its cluster, and its records.
Response view_health(const Call& call);
Response view_ready(const Call& call);
Response view_info(const Call& call);
Response view_status(const Call& call);
Response view_evaluations(const Call& call);
Response view_commands(const Call& call);
Response view_plugins(const Call& call);
Response view_cycles(const Call& call);
Response view_controller(const Call& call);

// accounts.cpp
Response view_accounts(const Call& call);
Response view_account(const Call& call);
Response view_balances(const Call& call);
Response view_ondemand(const Call& call);

// preview.cpp
Response view_preview(const Call& call);

// jobs.cpp
Response view_jobs(const Call& call);

// usage.cpp
Response view_usage(const Call& call);
Response view_account_usage(const Call& call);
// True: staff ask by user, and that takes a cycle.
bool usage_waits(const Request& request);

// operator.cpp: what staff order and enter, and lists of the entries. The views check the form of
// what was sent; ports::Operator checks the rest.
Response view_evaluate(const Call& call);
Response view_overrides(const Call& call);
Response view_set_override(const Call& call);
Response view_end_override(const Call& call);
Response view_adjustments(const Call& call);
Response view_add_adjustment(const Call& call);
Response view_take_back(const Call& call);
Response view_resets(const Call& call);
Response view_reopen(const Call& call);
Response view_release(const Call& call);
Response view_reload(const Call& call);
Response view_clock(const Call& call);
Response view_accept_clock(const Call& call);
Response view_cleanup(const Call& call);
Response view_outbox(const Call& call);
Response view_retry_message(const Call& call);
Response view_drop_message(const Call& call);
Response view_test_mail(const Call& call);

// sessions.cpp: links and sessions of the web page. A link is made for the uid of the Unix socket
// or of munge alone, so that no session, token or proxy makes further sessions.
inline constexpr const char* kSessionPath = "/api/v1/session";
Response view_make_link(const Call& call);
Response view_open_session(const Call& call);
Response view_leave_session(const Call& call);
Response view_sessions(const Call& call);
Response view_end_session(const Call& call);
Response view_end_sessions(const Call& call);

// tokens.cpp: tokens by name, on the Unix socket only, so that no token can make others; nonces for
// munge logins, before any login: {"nonce": ..., "valid_s": 60}.
Response view_tokens(const Call& call);
Response view_add_token(const Call& call);
Response view_remove_token(const Call& call);
Response view_nonce(const Call& call);

Response view_metrics(const Call& call);
Response view_openapi(const Call& call);

// web.cpp: the page and its files. overview.cpp, policies.cpp: what only the page asks for so far.
Response view_page(const Call& call);
Response view_web_file(const Call& call);
Response view_overview(const Call& call);
Response view_policies(const Call& call);
Response view_policy(const Call& call);

// rules.cpp: policies and allocations beside the file.
Response view_policy_history(const Call& call);
Response view_create_policy(const Call& call);
Response view_replace_policy(const Call& call);
Response view_merge_policy(const Call& call);
Response view_remove_policy(const Call& call);
Response view_allocations(const Call& call);
Response view_allocation(const Call& call);
Response view_allocation_history(const Call& call);
Response view_create_allocation(const Call& call);
Response view_replace_allocation(const Call& call);
Response view_merge_allocation(const Call& call);
Response view_remove_allocation(const Call& call);
Response view_presets(const Call& call);
Response view_export(const Call& call);

} // namespace sluice::http
