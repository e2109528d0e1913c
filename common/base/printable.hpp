// SPDX-License-Identifier: GPL-2.0-or-later
// What may reach the eyes of people. Names in Slurm, texts of Waldur and of other servers, paths
// and arguments can hold anything; every writer (terminal, log, refusal, mail, page, metrics, JSON)
// passes its text through here, so that nothing in a text steers a terminal or reads as what it is
// not. Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice {

// Line ends and tabs.
enum class Breaks {
    escaped, // one value, one line of a table or log
    kept     // a text that was laid out
};

// Valid UTF-8 stays, but for characters that are obeyed or not seen: controls (C0, DEL, C1),
// controls of writing direction, separators of lines and paragraphs, and all that Unicode calls
// default ignorable (zero-width characters, the byte order mark, variation selectors, tags). They
// are written as JSON writes them, \n or \u001b, so that JSON passed through here has the same
// meaning. A byte that is no UTF-8 becomes \x9b. A backslash stays, so that this is for the eye
// only. Doing it twice changes nothing.
std::string printable(std::string_view text, Breaks breaks = Breaks::escaped);
// The first character that printable() changes, as printable() writes it; "": none.
std::string first_unprintable(std::string_view text, Breaks breaks = Breaks::escaped);

// Bytes of the UTF-8 character that `text` begins with; 0: it begins with none.
std::size_t character_length(std::string_view text);

} // namespace sluice
