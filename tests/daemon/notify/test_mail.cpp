// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/notify/mail.hpp"
#include "tests/support/case.hpp"
#include "tests/support/hostile.hpp"

#include <algorithm>

using namespace sluice;
using namespace sluice::notify;

namespace {

Letter letter() {
    return {"hpc@example.org", "pi@physics.example.org", "physics is at 83 %",
            "One\nTwo\n",      instant(1'795'408'200),   "mail/alpha/physics/2026-11/notify/pi"};
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

std::string head(const Letter& letter) {
    const auto bytes = compose(letter);
    CHECK(bytes);
    return bytes->substr(0, bytes->find("\r\n\r\n"));
}

} // namespace

CASE(a_plain_letter_is_sent_as_it_is) {
    const auto bytes = compose(letter());
    CHECK(bytes);
    CHECK(bytes->starts_with("From: hpc@example.org\r\nTo: pi@physics.example.org\r\n"
                             "Subject: physics is at 83 %\r\n"
                             "Date: Mon, 23 Nov 2026 04:30:00 +0000\r\nMessage-ID: <"));
    CHECK(has(*bytes, "Content-Transfer-Encoding: 7bit\r\n\r\nOne\r\nTwo\r\n"));
    CHECK(bytes->ends_with("Two\r\n"));
}

CASE(a_line_break_in_a_subject_makes_no_header) {
    auto forged = letter();
    forged.subject = "a\r\nBcc: all@example.org\n\nbody";
    const auto lines = head(forged);
    CHECK(!has(lines, "\nBcc"));
    CHECK(has(lines, "Subject: a\\r\\nBcc: all@example.org\\n\\nbody\r\n"));
}

CASE(a_subject_that_is_not_ascii_is_encoded_and_folded) {
    auto foreign = letter();
    foreign.subject = "Konto füüsika on 83 % juures, ja see on pikk pealkiri õäöü";
    const auto lines = head(foreign);
    CHECK(has(lines, "Subject: =?UTF-8?B?"));
    CHECK(has(lines, "?=\r\n =?UTF-8?B?"));
    CHECK(std::all_of(lines.begin(), lines.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x80; }));
}

CASE(a_text_that_is_not_plain_is_base64) {
    auto foreign = letter();
    foreign.text = "\xc3\xa4";
    CHECK(has(*compose(foreign), "Content-Transfer-Encoding: base64\r\n\r\nw6Q=\r\n"));
    foreign.text = std::string(1000, 'x'); // a line longer than SMTP takes
    CHECK(has(*compose(foreign), "Content-Transfer-Encoding: base64"));
}

CASE(a_letter_does_not_steer_who_reads_it) {
    auto hostile = letter();
    hostile.subject = "a\x1b[1m\u202e";
    hostile.text = "b\x1b[1m\u202e\r\n\x9b";
    const auto bytes = compose(hostile);
    CHECK(has(*bytes, "Subject: a\\u001b[1m\\u202e\r\n"));
    CHECK(has(*bytes, "7bit\r\n\r\nb\\u001b[1m\\u202e\\r\r\n\\x9b\r\n"));
}

CASE(only_plain_addresses_are_written_to) {
    auto bad = letter();
    bad.to = "a@b\r\nBcc: c@d";
    CHECK_EQ(compose(bad).error().code, Errc::malformed);
}

CASE(a_letter_sent_again_has_the_same_id) {
    auto other = letter();
    other.id += "2";
    const auto id = [](const Letter& letter) {
        const auto lines = head(letter);
        return lines.substr(lines.find("Message-ID"), 50);
    };
    CHECK_EQ(id(letter()), id(letter()));
    CHECK(id(letter()) != id(other));
}

CASE(what_is_too_long_is_refused) {
    auto large = letter();
    large.text = std::string(kMaxText + 1, 'x');
    CHECK_EQ(compose(large).error().code, Errc::overflow);
    large = letter();
    large.subject = std::string(kMaxSubject + 1, 'x');
    CHECK_EQ(compose(large).error().code, Errc::overflow);
}

CASE(many_letters_become_one_that_fits) {
    std::vector<Letter> letters(3, letter());
    letters[0].id = "first";
    letters[1].subject = "b\nc \xc3\xa4";
    letters[2].date += std::chrono::hours(1);
    const auto one = joined(letters);
    CHECK_EQ(one.subject, "3 notices of Sluice");
    CHECK_EQ(one.to, letter().to);
    CHECK_EQ(one.id, "first .. " + letter().id);
    CHECK(one.date == letters[2].date);
    CHECK(has(one.text, "\n- physics is at 83 %\n- b\\nc \xc3\xa4\n- physics is at 83 %\n"));
    CHECK(has(one.text, "\n--- physics is at 83 %\n\nOne\nTwo\n"));
    CHECK(!has(one.text, "left out"));
    auto long_one = letter();
    long_one.subject = std::string(kMaxSubject / 2, 'x') + std::string(200, '\x01');
    long_one.text = std::string(3000, 'y');
    const auto many = joined(std::vector<Letter>(ports::kMaxTogether, long_one));
    CHECK(many.text.size() <= kMaxText);
    CHECK(has(many.text, "left out, since this mail would be too long.\n"));
    CHECK(compose(many).has_value());
    for (const auto c : {"\xe2\x82\xac", "\xf0\x9f\x98\x80"}) { // no character is cut
        std::string subject;
        while (subject.size() < 300)
            subject += c;
        letters[1].subject = subject;
        const auto text = joined(letters).text;
        const auto dots = text.find("...\n");
        CHECK(dots != std::string::npos);
        CHECK_EQ(text.substr(dots - std::string(c).size(), std::string(c).size()), c);
    }
}
