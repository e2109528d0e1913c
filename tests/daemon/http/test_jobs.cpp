// SPDX-License-Identifier: GPL-2.0-or-later
// The list of jobs that wait because of Sluice: who sees whose, filters, and what releases a job.
#include "common/json/json.hpp"
#include "daemon/http/server/router.hpp"
#include "tests/daemon/http/fake_service.hpp"
#include "tests/support/case.hpp"

using namespace sluice;
using sluice::test::FakeService;

namespace {

const http::Viewer kStaff{0, true};
const http::Viewer kUser{sluice::test::kAlice, false};
const http::Viewer kOther{sluice::test::kBob, false};

struct Jobs {
    int status;
    std::string numbers; // "41,50_[1-9]"
    json::Value body;
    std::string count; // X-Result-Count
};

Jobs jobs(FakeService& service, const http::Viewer& viewer,
          std::map<std::string, std::string> query = {}) {
    const auto response =
        http::dispatch({"GET", "/api/v1/jobs", std::move(query), "", viewer}, service);
    auto body = json::parse(response.body, {.bytes = 1 << 20});
    CHECK(body.has_value());
    Jobs out{response.status, "", std::move(*body), ""};
    for (const auto& job : out.body["jobs"].items())
        out.numbers += (out.numbers.empty() ? "" : ",") + job["job"].text();
    for (const auto& [name, value] : response.headers)
        if (name == "X-Result-Count")
            out.count = value;
    return out;
}

} // namespace

CASE(staff_see_every_waiting_job_and_users_their_own) {
    FakeService service;
    CHECK_EQ(jobs(service, kStaff).numbers, "41,50_[1-9]");
    CHECK_EQ(jobs(service, kUser).numbers, "41");
    CHECK_EQ(jobs(service, kOther).numbers, "");
    CHECK_EQ(jobs(service, kOther).status, 200);
    CHECK_EQ(jobs(service, {4294967294U, false}).numbers, "");
    CHECK_EQ(jobs(service, {7, false, "reader", true}).numbers, "41,50_[1-9]");
    const auto other = jobs(service, kUser, {{"user", "carol"}});
    CHECK_EQ(other.status, 403);
    CHECK_EQ(other.body["detail"].text(),
             "Only staff and coordinators may see the jobs of other users.");
}

CASE(coordinators_see_the_waiting_jobs_of_their_subtree) {
    FakeService service;
    http::Viewer coordinator = kOther;
    coordinator.coordinates = {"physics"};
    CHECK_EQ(jobs(service, coordinator).numbers, "41,50_[1-9]");
    CHECK_EQ(jobs(service, coordinator, {{"user", "carol"}}).numbers, "50_[1-9]");
    coordinator.coordinates = {"chem"};
    CHECK_EQ(jobs(service, coordinator).numbers, "");
}

CASE(waiting_jobs_can_be_filtered_and_come_in_pages) {
    FakeService service;
    CHECK_EQ(jobs(service, kStaff, {{"user", "carol"}, {"waiting", "1"}}).numbers, "50_[1-9]");
    CHECK_EQ(jobs(service, kStaff, {{"job", "41"}}).numbers, "41");
    CHECK_EQ(jobs(service, kStaff, {{"job", "50"}}).numbers, "50_[1-9]");
    CHECK_EQ(jobs(service, kStaff, {{"job", "5"}}).numbers, "");
    CHECK_EQ(jobs(service, kStaff, {{"account", "optics"}}).numbers, "41,50_[1-9]");
    CHECK_EQ(jobs(service, kStaff, {{"account", "chem"}}).numbers, "");
    CHECK_EQ(jobs(service, kUser, {{"account", "chem"}}).status, 404);
    const auto second = jobs(service, kStaff, {{"page", "2"}, {"page_size", "1"}});
    CHECK_EQ(second.numbers, "50_[1-9]");
    CHECK_EQ(second.count, "2");
    CHECK_EQ(second.body["count"].integer(), 2);
    CHECK_EQ(jobs(service, kStaff, {{"page_size", "1001"}}).status, 400);
    CHECK_EQ(jobs(service, kStaff, {{"waiting", "0"}}).status, 400);
    service.cycle = nullptr;
    CHECK_EQ(jobs(service, kStaff).status, 503);
}

CASE(a_waiting_job_has_its_reason_and_what_releases_it) {
    FakeService service;
    const auto staff = jobs(service, kStaff);
    const auto first = staff.body["jobs"].at(0);
    CHECK_EQ(first["job_id"].integer(), 41);
    CHECK_EQ(first["user"].text(), "alice");
    CHECK_EQ(first["account"].text(), "lasers");
    CHECK_EQ(first["evaluated_account"].text(), "optics");
    CHECK_EQ(first["state_reason"].text(), "InvalidQOS");
    CHECK_EQ(first["wait"].text(), "invalid_qos");
    CHECK_EQ(first["because_of"].text(), "physics");
    CHECK_EQ(first["standing"].text(), "paused");
    CHECK_EQ(first["until_epoch"].integer(), 1798761600);
    CHECK_EQ(first["command"].text(), "");
    CHECK_EQ(first["release"].text(), "The job may start when account physics is open again "
                                      "(2027-01-01).");
    CHECK_EQ(staff.body["jobs"].at(1)["release"].text(),
             "Sluice releases the job when account physics is open again (2027-01-01).");

    auto cycle = sluice::test::sample_cycle();
    for (auto& account : cycle.decision.accounts) {
        if (account.account != "physics")
            continue;
        account.enforced = {false, true};
        account.enforced_qos = "slow";
        account.until.reset();
    }
    for (auto& job : cycle.decision.accounts[2].waiting.first)
        job.kind = job.id == 41 ? model::WaitKind::invalid_qos : model::WaitKind::limit;
    service.cycle = std::make_shared<ports::CycleReport>(cycle);
    const auto slowed = jobs(service, kStaff);
    CHECK_EQ(slowed.body["jobs"].at(0)["command"].text(), "scontrol update JobId=41 QOS=slow");
    CHECK_EQ(slowed.body["jobs"].at(0)["release"].text(),
             "The job may start when account physics is no longer downscaled, or with QOS slow.");
    CHECK_EQ(slowed.body["jobs"].at(1)["release"].text(),
             "The job asks for more than the limit of account physics leaves. A job that asks for "
             "less may start; a new period or an adjustment raises the limit.");
}
