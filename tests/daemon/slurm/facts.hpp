// SPDX-License-Identifier: GPL-2.0-or-later
// A small cluster for the adapter's unit tests: root > univ > physics > optics, univ > chem.
#pragma once

#include "common/model/facts.hpp"

namespace sluice::test {

inline model::Association account_row(std::uint32_t id, std::string name, std::string parent) {
    model::Association row;
    row.id = id;
    row.account = std::move(name);
    row.parent = std::move(parent);
    return row;
}

inline model::Association user_row(std::uint32_t id, std::string account, std::string user,
                                   std::string partition = "") {
    model::Association row;
    row.id = id;
    row.account = std::move(account);
    row.user = std::move(user);
    row.partition = std::move(partition);
    return row;
}

inline model::Structure small_cluster() {
    model::Structure all;
    all.cluster = "lab";
    all.tres = {{1, "cpu"},
                {2, "mem"},
                {3, "energy"},
                {4, "node"},
                {5, "billing"},
                {1001, "gres/gpu"},
                {1002, "license/solver"},
                {1003, "bb/lua"}};
    all.qos = {{1, "normal"}, {2, "slowdown"}, {3, "blocked"}};
    all.associations = {account_row(1, "root", ""),        account_row(2, "univ", "root"),
                        account_row(3, "physics", "univ"), account_row(4, "optics", "physics"),
                        account_row(5, "chem", "univ"),    user_row(6, "physics", "games"),
                        user_row(7, "optics", "man"),      user_row(8, "optics", "man", "aux")};
    all.associations[0].qos = {"normal"};
    all.associations[1].qos = {"normal", "slowdown", "blocked"};
    return all;
}

} // namespace sluice::test
