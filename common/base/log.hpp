// SPDX-License-Identifier: GPL-2.0-or-later
// One event, one line: a stable ID, a word, then key=value. IDs are listed and explained in
// docs/messages.md. Where stderr leads to systemd's journal it goes there with its fields, else to
// stderr with the <N> prefix of a priority (none on a terminal). Never a secret.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace sluice::log {

enum class Level { error = 3, warning = 4, notice = 5, info = 6, debug = 7 };

struct Field {
    std::string_view key;
    std::string value;
};

// Lines above this level are dropped (default info). Thread-safe.
void set_level(Level level);
// Writes `<5>SLUICE-0412 standing-changed account=physics from=normal to=paused`. Values with
// blanks, quotes or what printable() writes out are quoted, with a backslash before quotes and
// backslashes of their own. Thread-safe: one write(2) a line.
void event(Level level, std::string_view id, std::string_view word,
           std::initializer_list<Field> fields = {});
// While it lives, every event of this thread also has this field, unless the value is "": which
// cluster a cycle is about, where one daemon serves several. Scopes do not nest;
// the key is a literal.
class Scope {
public:
    Scope(std::string_view key, const std::string& value);
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
    ~Scope();

private:
    Field field_;
};
// The line without prefix and newline; what tests look at.
std::string line(std::string_view id, std::string_view word, std::initializer_list<Field> fields);

} // namespace sluice::log
