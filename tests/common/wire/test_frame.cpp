// SPDX-License-Identifier: GPL-2.0-or-later
#include "common/wire/frame.hpp"

#include "tests/support/case.hpp"

using namespace sluice;
using namespace sluice::wire;

CASE(frames_come_out_whole_however_they_arrive) {
    const auto bytes = *frame("first") + *frame("second");
    for (std::size_t chunk = 1; chunk <= bytes.size(); ++chunk) {
        FrameReader reader;
        std::string got;
        for (std::size_t at = 0; at < bytes.size(); at += chunk) {
            reader.add(std::string_view(bytes).substr(at, chunk));
            while (auto next = *reader.next(kMaxFrame))
                got += *next + ';';
        }
        CHECK_EQ(got, "first;second;");
        CHECK_EQ(reader.size(), std::size_t{0});
    }
}

CASE(an_impossible_length_is_refused_before_its_bytes_arrive) {
    for (const std::string_view head :
         {std::string_view("\0\0\0\0", 4), std::string_view("\xff\xff\xff\xff", 4),
          std::string_view("\x01\xa0\x05\x00", 4)}) {
        FrameReader reader;
        reader.add(head);
        CHECK(!reader.next(kMaxFrame).has_value());
    }
    FrameReader reader;
    reader.add(*frame(std::string(kMaxGreeting + 1, 'x')));
    CHECK(!reader.next(kMaxGreeting).has_value());
}

CASE(too_large_a_frame_does_not_leave) {
    CHECK(!frame(std::string(kMaxFrame + 1, 'x')).has_value());
    CHECK(!frame("").has_value());
}
