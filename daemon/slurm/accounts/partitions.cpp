// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/slurm/accounts/partitions.hpp"

#include "common/base/text.hpp"
#include "daemon/slurm/rpc/controller.hpp"

#include <algorithm>
#include <map>
#include <optional>

namespace sluice::slurm {
namespace {

constexpr std::uint16_t kShowFlags = SHOW_ALL | SHOW_LOCAL;

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
        const auto count = whole_number(std::string_view{part}.substr(equals + 1));
        if (count && *count > 0)
            has[name] = *count;
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
    if (from.max_time != INFINITE && from.max_time != NO_VAL && from.max_time != 0)
        to.longest = from.max_time;
    to.least_node = least_node(from, nodes);
    return to;
}

} // namespace

Result<std::vector<model::Partition>> read_partitions(const std::string& cluster) {
    const auto nodes = ask_slurmctld<node_info_msg_t>(
        cluster, "slurmctld", [](auto** answer) { return slurm_load_node(0, answer, kShowFlags); });
    if (!nodes)
        return nodes.error();
    const auto partitions =
        ask_slurmctld<partition_info_msg_t>(cluster, "slurmctld", [](auto** answer) {
            return slurm_load_partitions(0, answer, kShowFlags);
        });
    if (!partitions)
        return partitions.error();
    std::vector<Has> has;
    for (std::uint32_t i = 0; i < (*nodes)->record_count; ++i)
        has.push_back(node_has((*nodes)->node_array[i]));
    std::vector<model::Partition> all;
    for (std::uint32_t i = 0; i < (*partitions)->record_count; ++i)
        all.push_back(translated((*partitions)->partition_array[i], has));
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return all;
}

} // namespace sluice::slurm
