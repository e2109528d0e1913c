// SPDX-License-Identifier: GPL-2.0-or-later
// Owners of what libslurm returns: lists and messages. Rows are copied to model values at once:
// nothing of an answer outlives the call that asked for it.
#pragma once

#include "common/base/text.hpp"
#include "daemon/slurm/rpc/compat.hpp"

#include <cstddef>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sluice::slurm {

// A list that a slurmdb call returned. Iterators must die before it; one range-for does that.
template <class T>
class SlurmList {
public:
    explicit SlurmList(RawList raw) noexcept : raw_(raw) {}
    SlurmList(SlurmList&& other) noexcept : raw_(std::exchange(other.raw_, nullptr)) {}
    SlurmList& operator=(SlurmList&& other) noexcept {
        std::swap(raw_, other.raw_);
        return *this;
    }
    ~SlurmList() {
        if (raw_ != nullptr)
            slurm_list_destroy(raw_);
    }

    // false: the call failed (an empty answer is a list without rows)
    explicit operator bool() const noexcept { return raw_ != nullptr; }
    std::size_t size() const {
        return raw_ == nullptr ? 0 : static_cast<std::size_t>(slurm_list_count(raw_));
    }

    class Iterator {
    public:
        explicit Iterator(RawList list) : raw_(slurm_list_iterator_create(list)) { ++*this; }
        Iterator(const Iterator&) = delete;
        Iterator& operator=(const Iterator&) = delete;
        ~Iterator() { slurm_list_iterator_destroy(raw_); }

        T& operator*() const { return *row_; }
        Iterator& operator++() {
            row_ = static_cast<T*>(slurm_list_next(raw_));
            return *this;
        }
        friend bool operator==(const Iterator& it, std::default_sentinel_t) {
            return it.row_ == nullptr;
        }

    private:
        RawIterator raw_;
        T* row_ = nullptr;
    };

    // REQUIRES: bool(*this)
    Iterator begin() const { return Iterator{raw_}; }
    std::default_sentinel_t end() const { return {}; }

private:
    RawList raw_;
};

// Calls `body` for each row of a list that a row owns (which may be NULL).
template <class T, class Body>
void for_each(RawList list, Body&& body) {
    if (list == nullptr)
        return;
    for (typename SlurmList<T>::Iterator it{list}; !(it == std::default_sentinel); ++it)
        body(*it);
}

// Frees what an RPC returned.
struct Release {
    void operator()(assoc_mgr_info_msg_t* message) const noexcept {
        slurm_free_assoc_mgr_info_msg(message);
    }
    void operator()(job_info_msg_t* message) const noexcept { slurm_free_job_info_msg(message); }
    void operator()(node_info_msg_t* message) const noexcept { slurm_free_node_info_msg(message); }
    void operator()(partition_info_msg_t* message) const noexcept {
        slurm_free_partition_info_msg(message);
    }
    void operator()(slurm_conf_t* conf) const noexcept { free_controller_conf(conf); }
    void operator()(slurmdb_stats_rec_t* stats) const noexcept { slurmdb_destroy_stats_rec(stats); }
    void operator()(stats_info_response_msg_t* message) const noexcept {
        slurm_free_stats_response_msg(message);
    }
};
template <class Message>
using Owned = std::unique_ptr<Message, Release>;

// Strings handed to libslurm, which only reads them.
class StringList {
public:
    explicit StringList(std::vector<std::string> texts)
        : texts_(std::move(texts)), raw_(slurm_list_create(nullptr)) {
        for (std::string& text : texts_)
            slurm_list_append(raw_, text.data());
    }
    StringList(const StringList&) = delete;
    StringList& operator=(const StringList&) = delete;
    ~StringList() { slurm_list_destroy(raw_); }

    RawList get() const noexcept { return raw_; }

private:
    std::vector<std::string> texts_;
    RawList raw_;
};

// "" for NULL
inline std::string text_of(const char* text) {
    return text == nullptr ? std::string{} : std::string{text};
}

// Name of an account, QOS or cluster in lower case, as sacctmgr makes it. slurmrestd and older
// records may hold another case; Slurm compares these names without regard to it.
inline std::string folded_name(const char* text) {
    return lower(text_of(text));
}

} // namespace sluice::slurm
