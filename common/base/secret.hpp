// SPDX-License-Identifier: GPL-2.0-or-later
// A text that cannot be printed or copied by accident and is wiped when it goes.
#pragma once

#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace sluice {

class Secret {
public:
    Secret() = default;
    explicit Secret(std::string text) : text_(std::move(text)) {}
    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;
    Secret(Secret&& other) noexcept : text_(std::move(other.text_)) { other.wipe(); }
    Secret& operator=(Secret&& other) noexcept {
        wipe();
        text_ = std::move(other.text_);
        other.wipe();
        return *this;
    }
    ~Secret() { wipe(); }

    bool empty() const noexcept { return text_.empty(); }
    // The only way to the text; the name makes each use easy to find in review.
    std::string_view reveal() const noexcept { return text_; }

private:
    void wipe() noexcept {
        explicit_bzero(text_.data(), text_.size());
        text_.clear();
    }
    std::string text_;
};

} // namespace sluice
