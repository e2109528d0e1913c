// SPDX-License-Identifier: GPL-2.0-or-later
// Partitions as slurmctld knows them, for jobs that leave their time limit or their nodes' size to
// them: two RPCs to slurmctld.
#include "daemon/slurm/accounting.hpp"
#include "daemon/slurm/controller.hpp"

#include "common/base/text.hpp"

#include <algorithm>
#include <charconv>
#include <memory>

namespace sluice::slurm {
namespace {

struct ReleasePartitions {
    void operator()(partition_info_msg_t* info) const noexcept {
        slurm_free_partition_info_msg(info);
    }
};
struct ReleaseNodes {
    void operator()(node_info_msg_t* info) const noexcept { slurm_free_node_info_msg(info); }
};

constexpr std::uint16_t kFlags = SHOW_ALL | SHOW_LOCAL;

using Has = std::map<std::string, std::int64_t>;

// What a job gets of a whole node: CPUs and memory without those that are set aside for the system,
// and its GRES. tres_fmt_str is "cpu=4,mem=1000M,billing=4,gres/gpu=2".
Has node_has(const node_info_t& node) {
    Has has;
    for (const std::string& part : split(text_of(node.tres_fmt_str), ',')) {
        const std::size_t equals = part.find('=');
        const std::string name = part.substr(0, equals);
        if (equals == std::string::npos || (name != "cpu" && !name.starts_with("gres/")))
            continue;
        std::int64_t count = 0;
        const char* end = part.data() + part.size();
        const auto read = std::from_chars(part.data() + equals + 1, end, count);
        if (read.ec == std::errc{} && read.ptr == end && count > 0)
            has[name] = count;
    }
    if (node.real_memory > node.mem_spec_limit)
        has["mem"] = static_cast<std::int64_t>(
            std::min<std::uint64_t>(node.real_memory - node.mem_spec_limit, INT64_MAX));
    return has;
}

void keep_least(Has& least, const Has& has) {
    for (auto it = least.begin(); it != least.end();) {
        const auto found = has.find(it->first);
        if (found == has.end()) {
            it = least.erase(it);
        } else {
            it->second = std::min(it->second, found->second);
            ++it;
        }
    }
}

// node_inx: pairs of first and last index, ended by -1.
Has least_node(const partition_info_t& partition, const std::vector<Has>& nodes) {
    std::optional<Has> least;
    for (const std::int32_t* pair = partition.node_inx; pair != nullptr && pair[0] >= 0; pair += 2)
        for (std::int32_t i = pair[0]; i <= pair[1]; ++i) {
            const auto index = static_cast<std::size_t>(i);
            if (index >= nodes.size())
                return {};
            if (least)
                keep_least(*least, nodes[index]);
            else
                least = nodes[index];
        }
    return least.value_or(Has{});
}

model::Partition translated(const partition_info_t& from, const std::vector<Has>& nodes) {
    model::Partition to;
    to.name = text_of(from.name);
    to.is_default = (from.flags & PART_FLAG_DEFAULT) != 0;
    to.whole_nodes = from.max_share == 0; // OverSubscribe=EXCLUSIVE
    const std::uint32_t limit =
        from.default_time == NO_VAL || from.default_time == 0 ? from.max_time : from.default_time;
    if (limit != INFINITE && limit != NO_VAL && limit != 0)
        to.minutes = limit;
    to.least_node = least_node(from, nodes);
    return to;
}

Error failed(int number) {
    return {Errc::unavailable, std::string{"slurmctld: "} + slurm_strerror(number)};
}

} // namespace

Result<std::vector<model::Partition>> SlurmAccounting::partitions(const std::string& cluster) {
    // raw_usage(), asked just before, did not get through: do not wait once more.
    if (slurmctld_away_.contains(cluster))
        return Error{Errc::unavailable, "slurmctld: connection refused"};
    auto scope = slurmctld_of(cluster);
    if (!scope)
        return std::move(scope).error();
    node_info_msg_t* raw_nodes = nullptr;
    if (slurm_load_node(0, &raw_nodes, kFlags) != SLURM_SUCCESS)
        return failed(errno);
    const std::unique_ptr<node_info_msg_t, ReleaseNodes> nodes{raw_nodes};
    partition_info_msg_t* raw = nullptr;
    if (slurm_load_partitions(0, &raw, kFlags) != SLURM_SUCCESS)
        return failed(errno);
    const std::unique_ptr<partition_info_msg_t, ReleasePartitions> info{raw};
    std::vector<Has> has;
    has.reserve(nodes->record_count);
    for (std::uint32_t i = 0; i < nodes->record_count; ++i)
        has.push_back(node_has(nodes->node_array[i]));
    std::vector<model::Partition> all;
    for (std::uint32_t i = 0; i < info->record_count; ++i)
        all.push_back(translated(info->partition_array[i], has));
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return all;
}

} // namespace sluice::slurm
