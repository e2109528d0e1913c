// SPDX-License-Identifier: GPL-2.0-or-later
// Any bytes as the answer to an opening ('O' first) or as a server's frames that come in pieces
// (else the first byte is their size): the same bytes or a refusal whatever the pieces are.
#include "waldur/stomp/websocket.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <vector>

using namespace sluice;
using namespace sluice::stomp;

namespace {

void must(bool condition) {
    if (!condition)
        std::abort();
}

struct Outcome {
    std::string text;
    std::vector<std::string> controls;
    bool fault = false;
};

Outcome read(std::string_view bytes, std::size_t size) {
    SocketReader reader;
    Outcome outcome;
    for (std::size_t at = 0; at < bytes.size() && !outcome.fault; at += size) {
        reader.add(bytes.substr(at, size));
        auto piece = reader.next();
        for (; piece && *piece; piece = reader.next()) {
            const std::string& payload = (*piece)->payload;
            must(!close_reason(payload).empty());
            if ((*piece)->opcode == Opcode::text)
                outcome.text += payload;
            else
                outcome.controls.push_back(payload);
        }
        outcome.fault = !piece;
    }
    return outcome;
}

} // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0)
        return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    if (data[0] == 'O') {
        const auto end = check_opening(bytes, {"h", "/", "dGhlIHNhbXBsZSBub25jZQ=="});
        must(!end || !*end || **end <= bytes.size());
        return 0;
    }
    const auto whole = read(bytes, std::max<std::size_t>(bytes.size(), 1));
    const auto pieces = read(bytes, std::max<std::size_t>(data[0], 1));
    must(whole.controls == pieces.controls && whole.fault == pieces.fault);
    must(whole.text == pieces.text);
    return 0;
}
